using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The figures of a set of queries, as the overview shows them.</summary>
public sealed record OverviewFacts
{
    /// <summary>Number of queries.</summary>
    public required int Queries { get; init; }

    /// <summary>Queries that succeeded, of those whose outcome is known (all but the incomplete ones).</summary>
    public required Share Success { get; init; }

    /// <summary>Durations in nanoseconds, of every query whose end is known, whatever its outcome.</summary>
    public required Distribution Duration { get; init; }

    /// <summary>Nanoseconds to the first result, see <see cref="Statistics.FirstResult"/>.</summary>
    public required Distribution FirstResult { get; init; }

    /// <summary>Nanoseconds until the final answer was first known.</summary>
    public required Distribution Discovery { get; init; }

    /// <summary>Greatest hops of a queried peer.</summary>
    public required Distribution Hops { get; init; }

    /// <summary>Peers sent at least one request.</summary>
    public required Distribution PeersQueried { get; init; }

    /// <summary>Dials that failed, of peers dialed, over the queries that tell both.</summary>
    public required Share DialFailure { get; init; }

    /// <summary>Peers reached over a connection that was there already, of those and the peers dialed, over the queries that tell both.</summary>
    public required Share Reuse { get; init; }

    /// <summary>Requests sent to a peer already asked, per query, over the queries that tell it.</summary>
    public required Distribution Duplicates { get; init; }

    /// <summary>Queries by outcome, every outcome once, in the order of <see cref="QueryOutcome"/>.</summary>
    public required ImmutableArray<OutcomeCount> Outcomes { get; init; }

    /// <summary>Queries that ended with an error, by its class, most frequent first.</summary>
    public required ImmutableArray<NamedCount> QueryErrors { get; init; }

    /// <summary>Dials and requests that failed, by error class, most frequent first, without those in <see cref="PeerCancelled"/>.</summary>
    public required ImmutableArray<NamedCount> PeerErrors { get; init; }

    /// <summary>Dials and requests that the caller, or the end of the query, took back: no fault of a peer.</summary>
    public required long PeerCancelled { get; init; }

    /// <summary>Agent versions of the peers, counted once for each query and peer, most frequent first.</summary>
    public required ImmutableArray<NamedCount> Agents { get; init; }

    /// <summary>The figures of a set of queries; the order of the queries does not matter.</summary>
    public static OverviewFacts Of(IReadOnlyCollection<QueryFacts> queries)
    {
        var dials = queries.Where(static q => q is { Dialed: not null, DialFailed: not null }).ToList();
        var connections = queries.Where(static q => q is { Dialed: not null, Reused: not null }).ToList();
        return new OverviewFacts
        {
            Queries = queries.Count,
            Success = SuccessOf(queries),
            Duration = Distribution.Of(queries.Select(static q => q.DurationNs)),
            FirstResult = Distribution.Of(queries.Select(static q => q.FirstResultNs)),
            Discovery = Distribution.Of(queries.Select(static q => q.DiscoveryNs)),
            Hops = Distribution.Of(queries.Select(static q => (long?)q.Hops)),
            PeersQueried = Distribution.Of(queries.Select(static q => (long?)q.Queried)),
            DialFailure = new Share(
                dials.Sum(static q => (long)q.DialFailed.GetValueOrDefault()), dials.Sum(static q => (long)q.Dialed.GetValueOrDefault()), null),
            Reuse = new Share(
                connections.Sum(static q => (long)q.Reused.GetValueOrDefault()),
                connections.Sum(static q => (long)q.Reused.GetValueOrDefault() + q.Dialed.GetValueOrDefault()),
                null),
            Duplicates = Distribution.Of(queries.Select(static q => (long?)q.Duplicates)),
            Outcomes = OutcomeCount.Of(queries),
            QueryErrors = NamedCount.Sum(queries.Where(static q => q.ErrorClass is not null).Select(static q => new NamedCount(q.ErrorClass!, 1))),
            PeerErrors = NamedCount.Sum(queries.SelectMany(static q => q.PeerErrors).Where(static error => error.Name != ErrorClass.Cancelled)),
            PeerCancelled = queries.Sum(static q => q.PeerErrors.Where(static error => error.Name == ErrorClass.Cancelled).Sum(static error => error.Count)),
            Agents = NamedCount.Sum(queries.SelectMany(static q => q.Agents)),
        };
    }

    /// <summary>Queries that succeeded, of those whose outcome is known.</summary>
    internal static Share SuccessOf(IEnumerable<QueryFacts> queries)
    {
        var (successes, known) = (0, 0);
        foreach (var query in queries.Where(static q => q.Outcome is not (QueryOutcome.Incomplete or QueryOutcome.Unknown)))
        {
            known++;
            successes += query.Outcome == QueryOutcome.Success ? 1 : 0;
        }

        return Share.OfQueries(successes, known);
    }
}

/// <summary>Number of queries that ended so.</summary>
/// <param name="Outcome">How they ended.</param>
/// <param name="Count">How many.</param>
public sealed record OutcomeCount(QueryOutcome Outcome, int Count)
{
    /// <summary>Every outcome once, in the order of the enumeration.</summary>
    internal static ImmutableArray<OutcomeCount> Of(IEnumerable<QueryFacts> queries)
    {
        var counts = queries.CountBy(static q => q.Outcome).ToDictionary();
        return [.. Enum.GetValues<QueryOutcome>().Select(outcome => new OutcomeCount(outcome, counts.GetValueOrDefault(outcome)))];
    }
}

/// <summary>Which queries to look at first.</summary>
public static class NotableQueries
{
    // Compared in pairs: of hundreds of thousands of queries, only those that are equal so far have their ids written out.
    private static readonly Comparer<QueryFacts> SlowestFirst = Comparer<QueryFacts>.Create(
        static (x, y) => Then(y.DurationNs.GetValueOrDefault().CompareTo(x.DurationNs.GetValueOrDefault()), x, y));

    private static readonly Comparer<QueryFacts> LatestFirst = Comparer<QueryFacts>.Create(
        static (x, y) => Then(y.StartUnixNano.CompareTo(x.StartUnixNano), x, y));

    /// <summary>The slowest queries whose end is known, slowest first, then by id.</summary>
    /// <param name="queries">The set.</param>
    /// <param name="count">How many at most.</param>
    public static ImmutableArray<QueryFacts> Slowest(IEnumerable<QueryFacts> queries, int count) =>
    [
        .. queries.Where(static q => q.DurationNs is not null).Order(SlowestFirst).Take(count),
    ];

    /// <summary>The latest queries that failed or timed out, newest first, then by id.</summary>
    /// <param name="queries">The set.</param>
    /// <param name="count">How many at most.</param>
    public static ImmutableArray<QueryFacts> Failing(IEnumerable<QueryFacts> queries, int count) =>
    [
        .. queries.Where(static q => q.Outcome is QueryOutcome.Failed or QueryOutcome.TimedOut).Order(LatestFirst).Take(count),
    ];

    private static int Then(int order, QueryFacts x, QueryFacts y) => order != 0 ? order : string.CompareOrdinal(x.Id.ToString(), y.Id.ToString());
}
