using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Network;

/// <summary>
/// What a DHT node needs from its environment: connections to peers, and requests on them. Implemented on a libp2p host, and by the
/// simulation, which runs thousands of nodes in virtual time.
/// </summary>
public interface IDhtNetwork
{
    /// <summary>This node.</summary>
    PeerId LocalPeer { get; }

    /// <summary>Addresses where this node can be dialed; empty if it does not listen.</summary>
    IReadOnlyList<Multiaddr> LocalAddresses { get; }

    /// <summary>The open connection to a peer, or null.</summary>
    IDhtConnection? FindConnection(PeerId peer);

    /// <summary>
    /// Connects to a peer. A failure is a result, not an exception; only cancellation throws <see cref="OperationCanceledException"/>. Only
    /// the token limits the time: the caller sets the timeout.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="addresses">Addresses known to the caller. The network may know more.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    Task<DialResult> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken);
}

/// <summary>An open connection to a peer.</summary>
public interface IDhtConnection
{
    /// <summary>Agent version from identify; null while unknown.</summary>
    string? Agent { get; }

    /// <summary>Protocols from identify; null while unknown.</summary>
    IReadOnlyList<string>? Protocols { get; }

    /// <summary>The remote address as text: dialed for outbound connections, the source for inbound ones.</summary>
    string? Address { get; }

    /// <summary>
    /// Sends a request and reads its answer. A failure is a result; only cancellation throws <see cref="OperationCanceledException"/>. Only
    /// the token limits the time.
    /// </summary>
    /// <param name="request">
    /// The message. ADD_PROVIDER has no answer: it is complete once written. PING is sent as libp2p's own <c>/ipfs/ping/1.0.0</c>, which
    /// every implementation answers; rust-libp2p and litep2p refuse the PING of kad-dht.
    /// </param>
    /// <param name="cancellationToken">Cancels the attempt and resets the stream.</param>
    Task<RequestResult> RequestAsync(KadMessage request, CancellationToken cancellationToken);
}

/// <summary>The result of a dial: a connection or an error.</summary>
public sealed record DialResult
{
    /// <summary>The connection; null if the dial failed.</summary>
    public IDhtConnection? Connection { get; init; }

    /// <summary>Why it failed; null if it did not.</summary>
    public DhtError? Error { get; init; }

    /// <summary>Whether a connection already existed or was opened in the meantime.</summary>
    public bool Reused { get; init; }

    /// <summary>The connected address, else the last one tried; null if none was tried.</summary>
    public string? Address { get; init; }

    /// <summary>Number of addresses tried; null when unknown.</summary>
    public int? AddressesTried { get; init; }

    /// <summary>The transport, for example <c>tcp</c>; null if nothing was tried.</summary>
    public string? Transport { get; init; }
}

/// <summary>The result of a request: an answer, nothing (ADD_PROVIDER), or an error.</summary>
/// <param name="Answer">The answer; null after ADD_PROVIDER and after an error.</param>
/// <param name="Error">Why it failed; null if it did not.</param>
public sealed record RequestResult(KadMessage? Answer, DhtError? Error);
