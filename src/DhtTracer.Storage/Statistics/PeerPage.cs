using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Storage.Statistics;

/// <summary>By what peers are ranked, greatest first; unknown values come last.</summary>
public enum PeerRank
{
    /// <summary>Time that operations lost to it.</summary>
    TimeLost = 0,

    /// <summary>Failed dials and requests.</summary>
    Failures = 1,

    /// <summary>Operations that heard of it.</summary>
    Seen = 2,

    /// <summary>Operations that sent it a request.</summary>
    Queried = 3,

    /// <summary>Operations in which it answered.</summary>
    Answered = 4,

    /// <summary>Cancelled dials and requests.</summary>
    Cancelled = 5,

    /// <summary>Median of its first answered request in each query.</summary>
    RequestP50 = 6,

    /// <summary>95th percentile of the same.</summary>
    RequestP95 = 7,

    /// <summary>Median of its successful new connections.</summary>
    DialP50 = 8,

    /// <summary>Answers of other peers that named it.</summary>
    Named = 9,
}

/// <summary>Which peers of a list.</summary>
/// <param name="Rank">The order; peers of equal value come by <see cref="PeerRank.Queried"/>, greatest first, then by id (ordinal).</param>
/// <param name="Find">Only peers whose id contains this text, or one of whose agent versions does, whatever its case; null for all.</param>
/// <param name="Skip">How many of the first peers are left out.</param>
/// <param name="Take">How many peers at most, 0 to 1,000.</param>
public sealed record PeerListing(PeerRank Rank, string? Find, int Skip, int Take);

/// <summary>Some peers of a list.</summary>
/// <param name="Peers">The peers, in order.</param>
/// <param name="Count">Number of peers in the whole list.</param>
/// <param name="Operations">Number of operations over which they are counted, including those that met no peer.</param>
public sealed record PeerPage(IReadOnlyList<PeerSummary> Peers, int Count, int Operations);

/// <summary>The peers of a set of operations, for comparisons.</summary>
/// <param name="Met">In how many operations each peer was dialed or asked, by peer id.</param>
/// <param name="Losses">Time that the operations lost to peers.</param>
public sealed record PeersMet(IReadOnlyDictionary<string, int> Met, PeerLosses Losses);
