using DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.FakeJaeger;

public sealed record FakeJaegerOptions
{
    public JaegerRelease Release { get; init; } = JaegerRelease.V2_10;

    public int Seed { get; init; } = 1;

    /// <summary>Traces kept; the first to arrive is the first to go.</summary>
    public int RingSize { get; init; } = 50_000;

    /// <summary>Share of searches that fail at once, with an error chosen by the seed.</summary>
    public double ErrorRate { get; init; }

    /// <summary>Share of searches whose connection breaks after some of the answer.</summary>
    public double DisconnectRate { get; init; }

    /// <summary>Searches that find such a span fail, as with a storage that cannot read back what it wrote.</summary>
    public Func<Span, bool>? FailsOn { get; init; }

    /// <summary>What such a search is answered with.</summary>
    public string FailsWith { get; init; } = "cannot read a span";

    /// <summary>The certificate of both ports, which then speak TLS; null for none.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? Certificate { get; init; }

    /// <summary>Thumbprint of the only client certificate that both ports let in; null when they ask for none.</summary>
    public string? ClientThumbprint { get; init; }

    /// <summary>The only value of the header authorization that is let in; null for any.</summary>
    public string? Authorization { get; init; }

    /// <summary>Path before all others, such as <c>/jaeger</c>; empty for none.</summary>
    public string PathBase { get; init; } = "";

    /// <summary>The version that the page of the UI names, such as <c>v1.60.0</c>; empty as in v2.13.</summary>
    public string Version { get; init; } = "";

    /// <summary>Whether api_v2 is served over gRPC.</summary>
    public bool ServeApiV2 { get; init; } = true;

    public bool ServeGrpc { get; init; } = true;

    public bool ServeHttpV1 { get; init; } = true;

    public bool ServeHttpV3 { get; init; } = true;

    /// <summary>0 for a free port.</summary>
    public int GrpcPort { get; init; }

    /// <summary>0 for a free port.</summary>
    public int HttpPort { get; init; }
}
