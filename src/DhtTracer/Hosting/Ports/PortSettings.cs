using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>What applies to all ports of a process.</summary>
internal sealed record PortSettings
{
    /// <summary>Address to bind.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Names of <c>--host-name</c>.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Origins of <c>--cors-origin</c>.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Addresses under which users reach the process through a proxy.</summary>
    public IReadOnlyList<Uri> PublicUrls { get; init; } = [];

    /// <summary>Proxies whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    /// <summary>Which ports others may reach, and with what.</summary>
    public PortAccess Access { get; init; } = PortAccess.Open;

    /// <summary>The certificate; null without TLS.</summary>
    public TlsCertificate? Certificate { get; init; }
}
