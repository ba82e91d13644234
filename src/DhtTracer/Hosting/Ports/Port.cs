using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>What a port speaks.</summary>
internal enum PortProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>
    /// HTTP/2 alone, for gRPC in clear text: a port that also speaks HTTP/1.1 refuses HTTP/2 without an upgrade, and that is what every
    /// gRPC client sends.
    /// </summary>
    Http2,

    /// <summary>Datagrams.</summary>
    Udp,
}

/// <summary>A row of <see cref="PortTable"/>: what there is to know of a port before it is bound.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Title">Name in the start message and on the page Ingest.</param>
/// <param name="Option">Option that changes its number.</param>
/// <param name="Number">The number that other programs expect.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Url">Format of its address, with <c>{0}</c> for host and port.</param>
internal sealed record Port(PortKind Kind, string Title, string Option, int Number, PortProtocol Protocol, string Url)
{
    /// <summary>Which <c>Host</c> names it answers.</summary>
    public NameRule Names { get; init; } = NameRule.Reader;

    /// <summary>Puts the port's middleware and endpoints on a pipeline of its own; null for UDP.</summary>
    public Action<IApplicationBuilder>? Map { get; init; }

    /// <summary>Name of its receiver in the statistics of ingest; null for a port that takes no spans.</summary>
    public string? Receiver { get; init; }

    /// <summary>Methods that pages of the origins of <c>--cors-origin</c> may use; empty when no other page may use the port.</summary>
    public IReadOnlyList<string> CorsMethods { get; init; } = [];

    /// <summary>Connections at once; one more is closed as soon as it is made. A receiver of bodies holds memory for each.</summary>
    /// <value>1,000.</value>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>Longest request target, in bytes; a longer one is answered with 414.</summary>
    /// <value>8 KiB, Kestrel's own limit of a whole request line.</value>
    public int MaxTarget { get; init; } = 8 << 10;

    /// <summary>The port binds loopback, whatever <c>--bind</c> says.</summary>
    public bool LoopbackOnly { get; init; }

    /// <summary>The address that it binds.</summary>
    /// <param name="bind">Address of <c>--bind</c>.</param>
    public IPAddress Address(IPAddress bind) => LoopbackOnly ? IPAddress.Loopback : bind;
}
