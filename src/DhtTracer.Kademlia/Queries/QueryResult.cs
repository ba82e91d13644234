using System.Diagnostics;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Queries;

/// <summary>The result of a query. Cancellation and failure are outcomes, not exceptions.</summary>
public sealed record QueryResult
{
    /// <summary>The operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why it did not succeed; null if it did.</summary>
    public DhtError? Error { get; init; }

    /// <summary>Why the lookup stopped asking; null if there was no lookup.</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>Duration from start to end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// find-peer: the peer with its addresses. get-providers: distinct providers. add-provider: the peers that were sent the record.
    /// put-value: the peers that stored it. get-closest-peers: the K closest that answered, closest first. get-value: the peers that
    /// returned the best record. ping: the peer.
    /// </summary>
    public IReadOnlyList<KadPeer> Peers { get; init; } = [];

    /// <summary>get-value: the best record's value; null if none was found.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>Number of records, providers or peers found.</summary>
    public required int Results { get; init; }

    /// <summary>
    /// The context of the <c>dht.query</c> span, which gives the permalink <c>/q/{trace id}-{span id}</c>; null if there was no listener.
    /// </summary>
    public ActivityContext? Span { get; init; }
}
