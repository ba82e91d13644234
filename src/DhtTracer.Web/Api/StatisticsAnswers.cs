using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Web.Search;

namespace DhtTracer.Web.Api;

/// <summary>The overview of a set of queries.</summary>
/// <param name="Figures">Over all of them.</param>
/// <param name="Hours">By hour of UTC; hours without queries are left out.</param>
internal sealed record OverviewAnswer(OverviewFacts Figures, ImmutableArray<PeriodFacts> Hours);

/// <summary>Two sets of queries side by side.</summary>
/// <param name="Comparison">The figures of both, their differences and verdicts.</param>
/// <param name="Reasons">Where both sets spend their time, in nanoseconds an operation.</param>
/// <param name="Attributes">What else operations of the slow set have more often: errors, agent versions, failed dials, hops, hour of the
/// day and rules, over-represented first; at most 200.</param>
/// <param name="Peers">Peers by the number of queries that dialed or asked them, over-represented in the slow set first; at most
/// 1,000.</param>
/// <param name="PeersOverSlow">Operations of the slow set, over which its peers were counted.</param>
/// <param name="PeersOverOther">Operations of the other set, over which its peers were counted.</param>
/// <param name="Shared">Queries that are in both sets; the intervals take the sets as independent.</param>
/// <param name="Exemplars">Operations of the slow set to look at: a typical one, the slowest, and the one in which the cause shows
/// most.</param>
internal sealed record CompareAnswer(
    Comparison Comparison,
    DifferenceReasons Reasons,
    ImmutableArray<SharedAttribute> Attributes,
    ImmutableArray<OverRepresented> Peers,
    int PeersOverSlow,
    int PeersOverOther,
    int Shared,
    ImmutableArray<Exemplar> Exemplars
)
{
    /// <summary>Most peers in an answer.</summary>
    public const int MostPeers = 1000;

    private const int MostAttributes = 200;

    /// <summary>The answer of a comparison.</summary>
    public static CompareAnswer Of(SetComparison comparison) =>
        new(
            comparison.Result,
            comparison.Reasons,
            [.. comparison.Attributes.Take(MostAttributes)],
            [.. comparison.Peers.Take(MostPeers)],
            comparison.Result.SlowIsB ? comparison.B.Count : comparison.A.Count,
            comparison.Result.SlowIsB ? comparison.A.Count : comparison.B.Count,
            comparison.Shared,
            comparison.Exemplars
        );
}

/// <summary>A page of peers.</summary>
/// <param name="Peers">In the order asked for.</param>
/// <param name="Count">Peers on all pages.</param>
/// <param name="Operations">Operations over which they are counted.</param>
internal sealed record PeersAnswer(ImmutableArray<PeerSummary> Peers, int Count, int Operations);

/// <param name="Peer">Its figures.</param>
/// <param name="Operations">Operations over which they are counted, those included that never heard of it.</param>
internal sealed record PeerAnswer(PeerSummary Peer, int Operations);
