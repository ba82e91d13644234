using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Assistants;

// What the tools answer: less than the JSON API, because an assistant reads all of it. Durations are milliseconds. Null is unknown.

/// <summary>An operation in a list.</summary>
/// <param name="Id">Its permalink's id, for other tools.</param>
/// <param name="Link">Its page.</param>
/// <param name="Type">What it was for, such as <c>get-providers</c>.</param>
/// <param name="Key">What was looked for; null when unknown.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Error">Class of its error; null without one.</param>
/// <param name="Start">Start, in UTC.</param>
/// <param name="DurationMs">How long it took; null when its end is unknown.</param>
/// <param name="DiscoveryMs">When its final answer was first known; null when unknown.</param>
/// <param name="Results">Results that the caller got; null when unknown.</param>
/// <param name="Hops">Hops of its decisive query; null when unknown.</param>
/// <param name="Queried">Peers that its decisive query asked; null when unknown.</param>
/// <param name="Service">Service of the spans; null when absent.</param>
/// <param name="Node">Peer id of the querying node; null when unknown.</param>
internal sealed record OperationLine(
    string Id,
    string Link,
    string Type,
    string? Key,
    string Outcome,
    string? Error,
    DateTime Start,
    double? DurationMs,
    double? DiscoveryMs,
    int? Results,
    int? Hops,
    int? Queried,
    string? Service,
    string? Node
);

/// <summary>A page of operations.</summary>
/// <param name="Operations">In the order asked for.</param>
/// <param name="Next">Give it as <c>at</c> for the page after; null when there is none.</param>
/// <param name="Link">The same list on the site.</param>
internal sealed record OperationLines(ImmutableArray<OperationLine> Operations, string? Next, string Link);

/// <summary>Why one query took as long as it did.</summary>
/// <param name="Operation">The operation that it belongs to; null when the archive no longer has it.</param>
/// <param name="Query">Id of the query that is explained: the one that gave the answer.</param>
/// <param name="Link">Its page, with the waterfall.</param>
/// <param name="Why">One sentence.</param>
/// <param name="Hint">What another timeout would have changed; null when nothing is known to help.</param>
/// <param name="PeersSeen">Peers that it heard of.</param>
/// <param name="SpentOn">What its duration was spent on, longest first.</param>
/// <param name="WaitedFor">The peers that it waited for most.</param>
/// <param name="Failures">Failed dials and requests by error class, most frequent first.</param>
/// <param name="Findings">Rules that it broke, most severe first; each has a page at <c>/rules/ID</c>.</param>
internal sealed record ExplainedQuery(
    OperationLine? Operation,
    string Query,
    string Link,
    string Why,
    string? Hint,
    int PeersSeen,
    ImmutableArray<SpentTime> SpentOn,
    ImmutableArray<WaitedForPeer> WaitedFor,
    ImmutableArray<NamedCount> Failures,
    ImmutableArray<LintFinding> Findings
);

/// <summary>A part of a duration.</summary>
/// <param name="On">What it was spent on.</param>
/// <param name="Error">Class of the failures; null when nothing failed.</param>
/// <param name="Peers">Peers involved.</param>
/// <param name="Ms">How long.</param>
/// <param name="Share">Share of the duration, 0 to 1.</param>
internal sealed record SpentTime(BlameKind On, string? Error, int Peers, double Ms, double Share);

/// <summary>A peer that a query waited for.</summary>
/// <param name="Peer">Its id.</param>
/// <param name="Link">Its page.</param>
/// <param name="Agent">Its agent version; null when unknown.</param>
/// <param name="On">What the query waited for.</param>
/// <param name="Error">Class of the failure; null when nothing failed.</param>
/// <param name="Ms">How long.</param>
/// <param name="Share">Share of the query's duration, 0 to 1.</param>
internal sealed record WaitedForPeer(string Peer, string Link, string? Agent, BlameKind On, string? Error, double Ms, double Share);

/// <summary>Figures of a set of operations.</summary>
/// <param name="Operations">How many it rests on.</param>
/// <param name="Success">Share that succeeded, of those whose outcome is known; null when there are none.</param>
/// <param name="Duration">Durations.</param>
/// <param name="FirstResult">Time to the first result.</param>
/// <param name="Discovery">Time until the final answer was known.</param>
/// <param name="Outcomes">Operations by outcome.</param>
/// <param name="Errors">Operations that ended with an error, by class.</param>
/// <param name="PeerErrors">Failed dials and requests, by class.</param>
/// <param name="DialFailure">Failed dials, as a share of the peers dialed; null when unknown.</param>
/// <param name="Agents">The most frequent agent versions of peers met.</param>
/// <param name="MeanMsByPhase">Where the time goes: milliseconds an operation, over those with a known critical path.</param>
/// <param name="Slowest">The slowest operations.</param>
/// <param name="Link">The same on the site.</param>
internal sealed record SetFigures(
    int Operations,
    double? Success,
    Milliseconds Duration,
    Milliseconds FirstResult,
    Milliseconds Discovery,
    ImmutableArray<NamedCount> Outcomes,
    ImmutableArray<NamedCount> Errors,
    ImmutableArray<NamedCount> PeerErrors,
    double? DialFailure,
    ImmutableArray<NamedCount> Agents,
    ImmutableSortedDictionary<string, double> MeanMsByPhase,
    ImmutableArray<OperationLine> Slowest,
    string Link
);

/// <summary>A distribution of times in milliseconds; null without values.</summary>
/// <param name="Known">Operations with a known value.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Max">Greatest value.</param>
internal sealed record Milliseconds(int Known, double? P50, double? P90, double? P99, double? Max)
{
    /// <summary>From nanoseconds.</summary>
    public static Milliseconds Of(Distribution distribution) =>
        new(
            distribution.Count,
            OfNs(distribution.P50?.Value),
            OfNs(distribution.P90?.Value),
            OfNs(distribution.P99?.Value),
            OfNs(distribution.Max)
        );

    /// <summary>Milliseconds of nanoseconds, to the microsecond.</summary>
    public static double? OfNs(double? ns) => ns is { } known ? Math.Round(known / 1e6, 3) : null;
}

/// <summary>Two sets side by side.</summary>
/// <param name="OperationsOfA">Operations of A.</param>
/// <param name="OperationsOfB">Operations of B.</param>
/// <param name="Figures">Every figure with its verdict on B against A.</param>
/// <param name="TimeByPhase">Where the difference comes from: milliseconds an operation, by phase.</param>
/// <param name="TimeByError">Milliseconds an operation lost to failures, by error class.</param>
/// <param name="Link">The comparison on the site.</param>
internal sealed record ComparedSets(
    int OperationsOfA,
    int OperationsOfB,
    ImmutableArray<FigureLine> Figures,
    ImmutableArray<TimeDifference> TimeByPhase,
    ImmutableArray<TimeDifference> TimeByError,
    string Link
);

/// <summary>A figure of both sets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Unit"><c>ms</c>, <c>count</c> or <c>share</c>.</param>
/// <param name="A">Value of A; null when unknown.</param>
/// <param name="B">Value of B; null when unknown.</param>
/// <param name="Verdict">In words; a difference only when it is beyond chance at 95 % over all figures together.</param>
/// <param name="Better">Whether B is better; null without a difference.</param>
internal sealed record FigureLine(string Name, string Unit, double? A, double? B, string Verdict, bool? Better);

/// <summary>Time that both sets spent on one thing.</summary>
/// <param name="Name">On what.</param>
/// <param name="MsOfA">Milliseconds an operation in A.</param>
/// <param name="MsOfB">In B.</param>
/// <param name="BeyondChance">Whether the difference is beyond chance.</param>
internal sealed record TimeDifference(string Name, double MsOfA, double MsOfB, bool BeyondChance);

/// <summary>A peer over many operations.</summary>
/// <param name="Peer">Its id.</param>
/// <param name="Link">Its page.</param>
/// <param name="Agent">Its latest agent version; null when unknown.</param>
/// <param name="Seen">Operations that heard of it.</param>
/// <param name="Queried">Operations that asked it.</param>
/// <param name="Answered">Operations that it answered.</param>
/// <param name="Failures">Its failed dials and requests, by error class.</param>
/// <param name="TimeLostMs">How long operations waited for it on their critical paths; null when unknown.</param>
/// <param name="RequestP50Ms">Median of its answered requests; null without any.</param>
/// <param name="DialP50Ms">Median of its new connections; null without any.</param>
internal sealed record PeerLine(
    string Peer,
    string Link,
    string? Agent,
    int Seen,
    int Queried,
    int Answered,
    ImmutableArray<NamedCount> Failures,
    double? TimeLostMs,
    double? RequestP50Ms,
    double? DialP50Ms
);

/// <summary>A page of peers.</summary>
/// <param name="Peers">In the order asked for.</param>
/// <param name="Count">Peers on all pages.</param>
/// <param name="Operations">Operations over which they are counted.</param>
internal sealed record PeerLines(ImmutableArray<PeerLine> Peers, int Count, int Operations);
