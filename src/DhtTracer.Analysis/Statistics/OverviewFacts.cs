using System.Collections.Immutable;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The figures of a set of operations, as shown on the overview.</summary>
public sealed record OverviewFacts
{
    /// <summary>Number of operations.</summary>
    public required int Operations { get; init; }

    /// <summary>Operations that succeeded, as a share of those with a known outcome (all but the incomplete ones).</summary>
    public required Share Success { get; init; }

    /// <summary>Durations in nanoseconds, of every operation with a known end and any outcome.</summary>
    public required Distribution Duration { get; init; }

    /// <summary>Nanoseconds to the first result, see <see cref="Statistics.FirstResult"/>.</summary>
    public required Distribution FirstResult { get; init; }

    /// <summary>Nanoseconds until the final answer was first known.</summary>
    public required Distribution Discovery { get; init; }

    /// <summary>Greatest hops of a queried peer.</summary>
    public required Distribution Hops { get; init; }

    /// <summary>Peers sent at least one request.</summary>
    public required Distribution PeersQueried { get; init; }

    /// <summary>Failed dials, as a share of the peers dialed, over the operations that show both.</summary>
    public required Share DialFailure { get; init; }

    /// <summary>
    /// Peers reached over an existing connection, as a share of these plus the peers dialed, over the operations that show both.
    /// </summary>
    public required Share Reuse { get; init; }

    /// <summary>Requests per operation sent to a peer already asked, over the operations that show them.</summary>
    public required Distribution Duplicates { get; init; }

    /// <summary>Number of operations for every outcome, in the order of <see cref="QueryOutcome"/>.</summary>
    public required ImmutableArray<OutcomeCount> Outcomes { get; init; }

    /// <summary>Operations that ended with an error, counted by class, most frequent first.</summary>
    public required ImmutableArray<NamedCount> OperationErrors { get; init; }

    /// <summary>Failed dials and requests, counted by error class, most frequent first; without <see cref="PeerCancelled"/>.</summary>
    public required ImmutableArray<NamedCount> PeerErrors { get; init; }

    /// <summary>Dials and requests cancelled by the caller or by the end of the operation; not a peer's fault.</summary>
    public required long PeerCancelled { get; init; }

    /// <summary>Agent versions of the peers, each counted once for each operation and peer, most frequent first.</summary>
    public required ImmutableArray<NamedCount> Agents { get; init; }

    /// <summary>Computes the figures; the order of the operations does not matter.</summary>
    public static OverviewFacts Of(IReadOnlyCollection<OperationFacts> operations)
    {
        var dials = operations.Where(static o => o is { Dialed: not null, DialFailed: not null }).ToList();
        var connections = operations.Where(static o => o is { Dialed: not null, Reused: not null }).ToList();
        return new OverviewFacts
        {
            Operations = operations.Count,
            Success = SuccessOf(operations),
            Duration = Distribution.Of(operations.Select(static o => o.DurationNs)),
            FirstResult = Distribution.Of(operations.Select(static o => o.FirstResultNs)),
            Discovery = Distribution.Of(operations.Select(static o => o.DiscoveryNs)),
            Hops = Distribution.Of(operations.Select(static o => (long?)o.Hops)),
            PeersQueried = Distribution.Of(operations.Select(static o => (long?)o.Queried)),
            DialFailure = new Share(
                dials.Sum(static o => (long)o.DialFailed.GetValueOrDefault()),
                dials.Sum(static o => (long)o.Dialed.GetValueOrDefault()),
                null
            ),
            Reuse = new Share(
                connections.Sum(static o => (long)o.Reused.GetValueOrDefault()),
                connections.Sum(static o => (long)o.Reused.GetValueOrDefault() + o.Dialed.GetValueOrDefault()),
                null
            ),
            Duplicates = Distribution.Of(operations.Select(static o => (long?)o.Duplicates)),
            Outcomes = OutcomeCount.Of(operations),
            OperationErrors = NamedCount.Sum(
                operations.Where(static o => o.ErrorClass is not null).Select(static o => new NamedCount(o.ErrorClass!, 1))
            ),
            PeerErrors = NamedCount.Sum(
                operations.SelectMany(static o => o.PeerErrors).Where(static error => error.Name != ErrorClass.Cancelled)
            ),
            PeerCancelled = operations.Sum(static o =>
                o.PeerErrors.Where(static error => error.Name == ErrorClass.Cancelled).Sum(static error => error.Count)
            ),
            Agents = NamedCount.Sum(operations.SelectMany(static o => o.Agents)),
        };
    }

    /// <summary>Operations that succeeded, as a share of those with a known outcome.</summary>
    internal static Share SuccessOf(IEnumerable<OperationFacts> operations)
    {
        var (successes, known) = (0, 0);
        foreach (var operation in operations.Where(static o => o.Outcome is not (QueryOutcome.Incomplete or QueryOutcome.Unknown)))
        {
            known++;
            successes += operation.Outcome == QueryOutcome.Success ? 1 : 0;
        }

        return Share.OfOperations(successes, known);
    }
}

/// <summary>Number of operations with one outcome.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Count">Number of operations.</param>
public sealed record OutcomeCount(QueryOutcome Outcome, int Count)
{
    /// <summary>Every outcome once, in the order of the enumeration.</summary>
    internal static ImmutableArray<OutcomeCount> Of(IEnumerable<OperationFacts> operations)
    {
        var counts = operations.CountBy(static o => o.Outcome).ToDictionary();
        return [.. Enum.GetValues<QueryOutcome>().Select(outcome => new OutcomeCount(outcome, counts.GetValueOrDefault(outcome)))];
    }
}

/// <summary>Finds the operations to look at first.</summary>
public static class NotableOperations
{
    // Compared in pairs, because writing ids is slow: of hundreds of thousands, only ties need their ids.
    private static readonly Comparer<OperationFacts> SlowestFirst = Comparer<OperationFacts>.Create(
        static (x, y) => Then(y.DurationNs.GetValueOrDefault().CompareTo(x.DurationNs.GetValueOrDefault()), x, y)
    );

    private static readonly Comparer<OperationFacts> LatestFirst = Comparer<OperationFacts>.Create(
        static (x, y) => Then(y.StartUnixNano.CompareTo(x.StartUnixNano), x, y)
    );

    /// <summary>The slowest operations with a known end, slowest first, then by id.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<OperationFacts> Slowest(IEnumerable<OperationFacts> operations, int count) =>
        [.. operations.Where(static o => o.DurationNs is not null).Order(SlowestFirst).Take(count)];

    /// <summary>The latest operations that failed or timed out, newest first, then by id.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<OperationFacts> Failing(IEnumerable<OperationFacts> operations, int count) =>
        [.. operations.Where(static o => o.Outcome is QueryOutcome.Failed or QueryOutcome.TimedOut).Order(LatestFirst).Take(count)];

    private static int Then(int order, OperationFacts x, OperationFacts y) =>
        order != 0 ? order : string.CompareOrdinal(x.Id.ToString(), y.Id.ToString());
}
