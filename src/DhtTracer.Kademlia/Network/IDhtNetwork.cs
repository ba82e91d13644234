using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// What a DHT node needs of the world: connections to peers and an exchange of messages over them. Implemented over a libp2p
/// host, and by the simulation that runs thousands of nodes in virtual time.
/// </summary>
public interface IDhtNetwork
{
    /// <summary>This node.</summary>
    PeerId LocalPeer { get; }

    /// <summary>Addresses under which this node can be dialed; empty when it does not listen.</summary>
    IReadOnlyList<Multiaddr> LocalAddresses { get; }

    /// <summary>The open connection to a peer, or null.</summary>
    IDhtConnection? FindConnection(PeerId peer);

    /// <summary>
    /// Connects to a peer. A failure is a result, not an exception; only cancellation throws
    /// <see cref="OperationCanceledException"/>. Bounded by the token alone: the caller sets the timeout.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="addresses">Addresses that the caller has heard; the network may know more.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<DialResult> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken);
}

/// <summary>An open connection to a peer.</summary>
public interface IDhtConnection
{
    /// <summary>Agent version from identify; null as long as it is unknown.</summary>
    string? Agent { get; }

    /// <summary>Protocols from identify; null as long as they are unknown.</summary>
    IReadOnlyList<string>? Protocols { get; }

    /// <summary>The address it was made to or came from, as text.</summary>
    string? Address { get; }

    /// <summary>
    /// Sends a request and reads its answer. A failure is a result; only cancellation throws
    /// <see cref="OperationCanceledException"/>. Bounded by the token alone.
    /// </summary>
    /// <param name="request">
    /// The message. To ADD_PROVIDER there is no answer: it is done when written whole. PING is sent as libp2p's own
    /// <c>/ipfs/ping/1.0.0</c>, which every implementation answers; rust-libp2p and litep2p refuse the PING of kad-dht.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt and resets the stream.</param>
    Task<RequestResult> RequestAsync(KadMessage request, CancellationToken cancellationToken);
}

/// <summary>How a dial ended: a connection, or an error.</summary>
public sealed record DialResult
{
    /// <summary>The connection; null when the dial failed.</summary>
    public IDhtConnection? Connection { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public DhtError? Error { get; init; }

    /// <summary>A connection was there already, or came in meanwhile.</summary>
    public bool Reused { get; init; }

    /// <summary>The address connected, else the last one tried; null when none was.</summary>
    public string? Address { get; init; }

    /// <summary>Number of addresses tried; null when unknown.</summary>
    public int? AddressesTried { get; init; }

    /// <summary>For example <c>tcp</c>; null when nothing was tried.</summary>
    public string? Transport { get; init; }
}

/// <summary>How a request ended: an answer, nothing (ADD_PROVIDER), or an error.</summary>
/// <param name="Answer">The answer; null after ADD_PROVIDER and after an error.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record RequestResult(KadMessage? Answer, DhtError? Error);
