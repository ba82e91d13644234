using System.Net;

namespace DhtTracer.Hosting.Ports;

internal enum PortProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>
    /// HTTP/2 only, for gRPC without TLS. A port that also supports HTTP/1.1 refuses HTTP/2 without an upgrade, but gRPC clients send no
    /// upgrade.
    /// </summary>
    Http2,

    /// <summary>Datagrams.</summary>
    Udp,
}

/// <summary>A row of <see cref="PortTable"/>: everything known about a port before it is bound.</summary>
/// <param name="Kind">The port.</param>
/// <param name="Title">Name in the start message and on the page Ingest.</param>
/// <param name="Option">Option that changes its number.</param>
/// <param name="Number">The default number, as other programs expect.</param>
/// <param name="Protocol">The protocol.</param>
/// <param name="Url">Format of its address; <c>{0}</c> is host and port.</param>
internal sealed record Port(PortKind Kind, string Title, string Option, int Number, PortProtocol Protocol, string Url)
{
    /// <summary>Which <c>Host</c> names it accepts.</summary>
    public NameRule Names { get; init; } = NameRule.Reader;

    /// <summary>Adds the port's middleware and endpoints to its own pipeline; null for UDP.</summary>
    public Action<IApplicationBuilder>? Map { get; init; }

    /// <summary>Name of its receiver in the ingest statistics; null if the port accepts no spans.</summary>
    public string? Receiver { get; init; }

    /// <summary>Methods that pages of the origins in <c>--cors-origin</c> may use; empty if no other page may use the port.</summary>
    public IReadOnlyList<string> CorsMethods { get; init; } = [];

    /// <summary>
    /// Maximum number of connections. Further ones are closed immediately. A body receiver needs memory for each connection.
    /// </summary>
    /// <value>1,000.</value>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>Maximum length of a request target, in bytes. A longer one is answered with 414.</summary>
    /// <value>8 KiB, Kestrel's own limit of a whole request line.</value>
    public int MaxTarget { get; init; } = 8 << 10;

    /// <summary>
    /// Whether its clients can send a key. A port that carries none stays on loopback while keys are required, unless the operator opens
    /// it by name (<c>--open-without-key</c>).
    /// </summary>
    /// <value>True, but for UDP, sampling and health, whose clients can set no header.</value>
    public bool CarriesKey { get; init; } = true;

    /// <summary>Whether a certificate applies to it. Health checks and the control server stay without TLS.</summary>
    /// <value>True.</value>
    public bool MayHaveTls { get; init; } = true;

    /// <summary>Whether the port binds loopback, regardless of <c>--bind</c>.</summary>
    public bool LoopbackOnly { get; init; }

    /// <summary>Name of the port for options that take ports: <c>otlp-http</c>.</summary>
    public string Name => Option[2..^"-port".Length];

    /// <summary>The address to bind.</summary>
    /// <param name="bind">Address of <c>--bind</c>.</param>
    public IPAddress Address(IPAddress bind) => LoopbackOnly ? IPAddress.Loopback : bind;
}
