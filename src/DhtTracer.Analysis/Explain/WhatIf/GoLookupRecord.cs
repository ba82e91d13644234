using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain;

/// <summary>One peer of a lookup of go-libp2p-kad-dht, as its trace shows it.</summary>
/// <param name="Seed">The routing table named it.</param>
/// <param name="Ask">What it took to dial and ask it in the lookup; null when the trace does not show it to the end.</param>
/// <param name="CutOff">What is known of it when its dial or request was cut off; null when it was never begun, or came to its end.</param>
/// <param name="FollowUp">What it took to ask it in the follow-up; null when the trace shows none.</param>
/// <param name="Names">Ranks of the peers that its answer named.</param>
/// <param name="BringsResult">Its answer held a result.</param>
internal sealed record GoLookupPeer(
    bool Seed,
    PeerTiming? Ask,
    CutOff? CutOff,
    PeerTiming? FollowUp,
    ImmutableArray<int> Names,
    bool BringsResult
);

/// <summary>A lookup of go-libp2p-kad-dht as its trace shows it, ready to be replayed by <see cref="GoLookupReplay"/>. Times in
/// nanoseconds.</summary>
internal sealed record GoLookupRecord
{
    /// <summary>Peers by distance, nearest first; a peer's index is its rank.</summary>
    public required ImmutableArray<GoLookupPeer> Peers { get; init; }

    /// <summary>From the start of the query to the first dial.</summary>
    public required long SetupNs { get; init; }

    /// <summary>From the end of the lookup to the start of its follow-up.</summary>
    public required long FollowUpGapNs { get; init; }

    /// <summary>From the termination until a dial that it aborted had ended; the longest.</summary>
    public required long AbortNs { get; init; }

    /// <summary>From the end of lookup and follow-up to the end of the last store; 0 when nothing was stored.</summary>
    public required long StoresNs { get; init; }

    /// <summary>From the last dial, request or store to the end of the query.</summary>
    public required long FinishNs { get; init; }

    /// <summary>Answers with a result after which the lookup stopped; 0 when it does not stop for results.</summary>
    public required int StopsAfterResults { get; init; }

    /// <summary>
    /// The lookup stopped at this time for a reason outside its own answers, such as a connection that the other side of a dual node made;
    /// null when it did not.
    /// </summary>
    public required long? StopsAtNs { get; init; }

    /// <summary>
    /// The query returned with so many answers that held a result, while its lookup went on; 0 when it returned after its lookup.
    /// </summary>
    public required int ReturnsAfterResults { get; init; }

    /// <summary>When the lookup had ended it had what it wants, so that there was no follow-up.</summary>
    public required bool SkipsFollowUp { get; init; }

    /// <summary>Rank of the peer looked for: the lookup stops once it is connected to it. Null for other lookups.</summary>
    public required int? Target { get; init; }

    /// <summary>Beta lies in this range, by when the lookup went on and when it stopped.</summary>
    public required (int Least, int Most) Beta { get; init; }

    /// <summary>K is at least this: the follow-up asked so far out.</summary>
    public required int LeastK { get; init; }

    /// <summary>The lookup began with as many peers as alpha allows: its routing table held more, which are in no span.</summary>
    public required bool HasHiddenSeeds { get; init; }
}
