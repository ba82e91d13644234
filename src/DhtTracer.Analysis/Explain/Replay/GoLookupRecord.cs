using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>One peer of a lookup of go-libp2p-kad-dht, as its trace shows it.</summary>
/// <param name="Seed">It was in the routing table.</param>
/// <param name="Ask">The timing of its dial and request in the lookup; null when the trace does not show all of it.</param>
/// <param name="CutOff">
/// The partial timing of a dial or request that was cancelled; null when it never began, or when it ended by itself.
/// </param>
/// <param name="FollowUp">The timing of its request in the follow-up; null when the trace shows none.</param>
/// <param name="Names">Ranks of the peers named by its answer.</param>
/// <param name="BringsResult">Its answer held a result.</param>
internal sealed record GoLookupPeer(
    bool Seed,
    PeerTiming? Ask,
    CutOff? CutOff,
    PeerTiming? FollowUp,
    ImmutableArray<int> Names,
    bool BringsResult
);

/// <summary>A lookup of go-libp2p-kad-dht from a trace, input of <see cref="GoLookupReplay"/>. Times are in nanoseconds.</summary>
internal sealed record GoLookupRecord
{
    /// <summary>Peers by distance, nearest first; a peer's index is its rank.</summary>
    public required ImmutableArray<GoLookupPeer> Peers { get; init; }

    /// <summary>From the start of the query to the first dial.</summary>
    public required long SetupNs { get; init; }

    /// <summary>From the end of the lookup to the start of its follow-up.</summary>
    public required long FollowUpGapNs { get; init; }

    /// <summary>The longest time from the termination until an aborted dial ended.</summary>
    public required long AbortNs { get; init; }

    /// <summary>From the end of lookup and follow-up to the end of the last store; 0 without stores.</summary>
    public required long StoresNs { get; init; }

    /// <summary>From the last dial, request or store to the end of the query.</summary>
    public required long FinishNs { get; init; }

    /// <summary>The lookup stopped after this many answers with a result; 0 when it does not stop for results.</summary>
    public required int StopsAfterResults { get; init; }

    /// <summary>
    /// When the lookup stopped for a reason outside its own answers, such as a connection made by the other side of a dual DHT. Null when
    /// there was no such reason.
    /// </summary>
    public required long? StopsAtNs { get; init; }

    /// <summary>
    /// The query returned after this many answers with a result, while its lookup continued; 0 when it returned after its lookup.
    /// </summary>
    public required int ReturnsAfterResults { get; init; }

    /// <summary>The lookup had its result when it ended, so there was no follow-up.</summary>
    public required bool SkipsFollowUp { get; init; }

    /// <summary>Rank of the wanted peer: the lookup stops once it is connected to that peer. Null for other lookups.</summary>
    public required int? Target { get; init; }

    /// <summary>The range of beta, derived from when the lookup continued and when it stopped.</summary>
    public required (int Least, int Most) Beta { get; init; }

    /// <summary>The least possible K: the follow-up asked this many of the closest peers.</summary>
    public required int LeastK { get; init; }

    /// <summary>The lookup began with as many peers as alpha allows. So its routing table held more peers, which are in no span.</summary>
    public required bool HasHiddenSeeds { get; init; }
}
