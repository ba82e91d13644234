using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Settings of a <see cref="Libp2pHost"/>.</summary>
public sealed record Libp2pHostOptions
{
    /// <summary>The identity of the host.</summary>
    public required Identity Identity { get; init; }

    /// <summary>Plain TCP addresses to listen on; port 0 takes a free port. Empty for a host that only dials.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    /// <summary>Addresses to announce to others; null for the addresses that the host listens on.</summary>
    public IReadOnlyList<Multiaddr>? AnnounceAddresses { get; init; }

    /// <summary>Agent name and version sent by identify.</summary>
    public string AgentVersion { get; init; } = "dht-tracer/" + typeof(Libp2pHostOptions).Assembly.GetName().Version?.ToString(3);

    /// <summary>Whether to dial private and loopback addresses.</summary>
    /// <value>Default false: names and peers of the public network must not lead into the local one.</value>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Maximum duration of a dial over all addresses.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Maximum duration for one address, including the handshake.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan AddressTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait without an answer before the next address is tried in parallel.</summary>
    /// <value>Default 250 ms, as in RFC 8305.</value>
    public TimeSpan AddressStagger { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long a peer that could not be dialed is not dialed again. Doubles with each failure, up to <see cref="MaxDialBackoff"/>. Zero
    /// for no wait.
    /// </summary>
    /// <value>Default 5 s.</value>
    public TimeSpan DialBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Maximum time that a peer is not dialed again.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan MaxDialBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Maximum duration of an inbound connection's handshake, and of a stream's negotiation.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan NegotiationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Maximum duration of identify.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan IdentifyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Maximum number of connections. Beyond it, the connection that was idle longest is closed; if none is idle, new ones are refused.
    /// </summary>
    /// <value>Default 1024.</value>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Maximum number of inbound connections in the handshake. Further ones wait.</summary>
    /// <value>Default 128.</value>
    public int MaxPendingInbound { get; init; } = 128;

    /// <summary>Maximum number of streams that one remote may open, and that may be opened to it.</summary>
    /// <value>Default 256.</value>
    public int MaxStreamsPerConnection { get; init; } = 256;

    /// <summary>Maximum number of peers to remember. The peers that were not heard of for longest are removed first.</summary>
    /// <value>Default 20,000.</value>
    public int MaxPeers { get; init; } = 20_000;

    /// <summary>Servers to ask for TXT records of <c>/dnsaddr/</c>; null for the system's servers.</summary>
    public IReadOnlyList<System.Net.IPEndPoint>? DnsServers { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called for errors that reach no caller: from protocol handlers, event subscribers and listeners. Must not throw.</summary>
    public Action<HostFault>? OnFault { get; init; }
}

/// <summary>An error that reaches no caller.</summary>
/// <param name="Where">The activity that failed.</param>
/// <param name="Peer">The peer it concerns, if one is known.</param>
/// <param name="Exception">The error.</param>
public sealed record HostFault(string Where, PeerId? Peer, Exception Exception);
