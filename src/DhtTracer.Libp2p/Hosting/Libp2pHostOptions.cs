using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Settings of a <see cref="Libp2pHost"/>.</summary>
public sealed record Libp2pHostOptions
{
    /// <summary>Who the host is.</summary>
    public required Identity Identity { get; init; }

    /// <summary>Where to listen: plain TCP addresses; port 0 takes a free one. Empty for a host that only dials.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    /// <summary>Addresses to tell others instead of those that the host listens on; null for these.</summary>
    public IReadOnlyList<Multiaddr>? AnnounceAddresses { get; init; }

    /// <summary>Name and version told by identify.</summary>
    public string AgentVersion { get; init; } = "dht-tracer/" + typeof(Libp2pHostOptions).Assembly.GetName().Version?.ToString(3);

    /// <summary>Whether private and loopback addresses are dialed.</summary>
    /// <value>Default false: names and peers of the public network must not lead into the local one.</value>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>How long a dial may take over all addresses.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one address may take, handshake included.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan AddressTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long without an answer the next address is tried beside the first.</summary>
    /// <value>Default 250 ms, as in RFC 8305.</value>
    public TimeSpan AddressStagger { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a peer that could not be dialed is left alone; doubles with each failure up to <see cref="MaxDialBackoff"/>. Zero
    /// for never.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan DialBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest time that a peer is left alone.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan MaxDialBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the handshake of an inbound connection, and the negotiation of a stream, may take.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan NegotiationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long identify may take.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan IdentifyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most connections. Beyond it the one that was idle longest is closed; when none is idle, new ones are refused.</summary>
    /// <value>Default 1024.</value>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Most inbound connections whose handshake is under way; further ones wait.</summary>
    /// <value>Default 128.</value>
    public int MaxPendingInbound { get; init; } = 128;

    /// <summary>Most streams that one remote may have open, and that may be open to it.</summary>
    /// <value>Default 256.</value>
    public int MaxStreamsPerConnection { get; init; } = 256;

    /// <summary>Most peers that are remembered; those that were not heard of for longest are forgotten first.</summary>
    /// <value>Default 20,000.</value>
    public int MaxPeers { get; init; } = 20_000;

    /// <summary>Servers to ask for TXT records of <c>/dnsaddr/</c>; null for those of the system.</summary>
    public IReadOnlyList<System.Net.IPEndPoint>? DnsServers { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called for errors that reach no caller: of protocol handlers, event subscribers, listeners. Must not throw.</summary>
    public Action<HostFault>? OnFault { get; init; }
}

/// <summary>An error that reaches no caller.</summary>
/// <param name="Where">What was being done.</param>
/// <param name="Peer">The peer it concerns, if one is known.</param>
/// <param name="Exception">The error.</param>
public sealed record HostFault(string Where, PeerId? Peer, Exception Exception);
