using System.Diagnostics;

namespace DhtTracer.Kademlia;

/// <summary>What came of a query. Cancellation and failure are outcomes, not exceptions.</summary>
public sealed record QueryResult
{
    /// <summary>The operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why it did not succeed; null when it did.</summary>
    public DhtError? Error { get; init; }

    /// <summary>Why the lookup stopped asking; null when there was none.</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>Start to end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// find-peer: the peer with its addresses. get-providers: distinct providers. add-provider and put-value: the peers that took
    /// it. get-closest-peers: the K closest that answered, closest first. get-value: who returned the best record. ping: the peer.
    /// </summary>
    public IReadOnlyList<KadPeer> Peers { get; init; } = [];

    /// <summary>get-value: the best record's value; null when none was found.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>Records, providers or peers found.</summary>
    public required int Results { get; init; }

    /// <summary>The <c>dht.query</c> span, which makes the permalink <c>/q/{trace id}-{span id}</c>; null when nobody listened.</summary>
    public ActivityContext? Span { get; init; }
}
