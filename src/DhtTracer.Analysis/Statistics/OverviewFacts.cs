using System.Collections.Immutable;

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

    /// <summary>Operations that break each rule of lookups, by the rule's id, most often first.</summary>
    public required ImmutableArray<NamedCount> Rules { get; init; }

    /// <summary>Operations that were checked against the rules.</summary>
    public required long RulesChecked { get; init; }

    /// <summary>Computes the figures; the order of the operations does not matter.</summary>
    public static OverviewFacts Of(IReadOnlyCollection<OperationFacts> operations)
    {
        using var columns = OperationColumns.Of(operations);
        return Of(columns);
    }

    /// <summary>Computes the figures.</summary>
    public static OverviewFacts Of(OperationColumns operations)
    {
        var outcomes = new int[OutcomeCount.Most];
        foreach (var outcome in operations.Outcomes)
        {
            outcomes[outcome]++;
        }

        return new OverviewFacts
        {
            Operations = operations.Count,
            Success = OutcomeCount.Success(outcomes),
            Duration = operations.DurationDistribution(),
            FirstResult = operations.FirstResults.Distribution(),
            Discovery = operations.Discoveries.Distribution(),
            Hops = operations.Hops.Distribution(),
            PeersQueried = operations.Queried.Distribution(),
            DialFailure = ShareOf(operations.DialFailed, isPartOfWhole: true),
            Reuse = ShareOf(operations.Reused, isPartOfWhole: false),
            Duplicates = operations.Duplicates.Distribution(),
            Outcomes = OutcomeCount.Of(outcomes),
            OperationErrors = operations.Errors.Counts,
            PeerErrors = [.. operations.PeerErrors.Counts.Where(static error => error.Name != ErrorClass.Cancelled)],
            PeerCancelled = operations.PeerErrors.CountOf(ErrorClass.Cancelled),
            Agents = operations.Agents.Counts,
            Rules = operations.Lint.ToCounts(),
            RulesChecked = operations.Lint.Checked,
        };
    }

    // Over the operations that show both.
    private static Share ShareOf(PartHistogram parts, bool isPartOfWhole)
    {
        var (sum, whole) = (0L, 0L);
        foreach (var (part, other, count) in parts.Pairs())
        {
            sum += part * count;
            whole += (other + (isPartOfWhole ? 0 : part)) * count;
        }

        return new Share(sum, whole, null);
    }
}

/// <summary>Number of operations with one outcome.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Count">Number of operations.</param>
public sealed record OutcomeCount(QueryOutcome Outcome, int Count)
{
    /// <summary>One more than the greatest number of an outcome.</summary>
    internal static int Most { get; } = Enum.GetValues<QueryOutcome>().Max(static outcome => (int)outcome) + 1;

    /// <summary>Every outcome once, in the order of the enumeration.</summary>
    /// <param name="counts">Number of operations by the number of the outcome.</param>
    internal static ImmutableArray<OutcomeCount> Of(ReadOnlySpan<int> counts)
    {
        var outcomes = ImmutableArray.CreateBuilder<OutcomeCount>();
        foreach (var outcome in Enum.GetValues<QueryOutcome>())
        {
            outcomes.Add(new OutcomeCount(outcome, counts[(int)outcome]));
        }

        return outcomes.ToImmutable();
    }

    /// <summary>Operations that succeeded, as a share of those with a known outcome.</summary>
    /// <param name="counts">Number of operations by the number of the outcome.</param>
    internal static Share Success(ReadOnlySpan<int> counts)
    {
        var known = 0;
        for (var outcome = 0; outcome < counts.Length; outcome++)
        {
            known += (QueryOutcome)outcome is QueryOutcome.Incomplete or QueryOutcome.Unknown ? 0 : counts[outcome];
        }

        return Share.OfOperations(counts[(int)QueryOutcome.Success], known);
    }
}

/// <summary>Finds the operations to look at first.</summary>
public static class NotableOperations
{
    /// <summary>The slowest operations with a known end, slowest first, then latest first.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<OperationFacts> Slowest(IReadOnlyList<OperationFacts> operations, int count) =>
        [.. Slowest(OperationColumns.Of(operations), count).Select(number => operations[(int)number])];

    /// <summary>The numbers of the slowest operations with a known end, slowest first, then latest first.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<long> Slowest(OperationColumns operations, int count) => First(operations, count, operations.Durations);

    /// <summary>The latest operations that failed or timed out, newest first.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<OperationFacts> Failing(IReadOnlyList<OperationFacts> operations, int count) =>
        [.. Failing(OperationColumns.Of(operations), count).Select(number => operations[(int)number])];

    /// <summary>The numbers of the latest operations that failed or timed out, newest first.</summary>
    /// <param name="operations">The set.</param>
    /// <param name="count">Most operations returned.</param>
    public static ImmutableArray<long> Failing(OperationColumns operations, int count) => First(operations, count, default);

    // The rows with the greatest durations, or those that failed; of equal ones the latest, then the one that the archive has had for
    // longer.
    private static ImmutableArray<long> First(OperationColumns operations, int count, ReadOnlySpan<long> durations)
    {
        var kept = new PriorityQueue<long, (long Value, ulong Start, long Age)>();
        var byDuration = !durations.IsEmpty;
        var starts = operations.Starts;
        var outcomes = operations.Outcomes;
        var least = (Value: OperationColumns.Unknown + 1, Start: 0UL, Age: long.MinValue);
        for (var row = 0; row < starts.Length && count > 0; row++)
        {
            var value =
                byDuration ? durations[row]
                : (QueryOutcome)outcomes[row] is QueryOutcome.Failed or QueryOutcome.TimedOut ? 0
                : OperationColumns.Unknown;
            if (value < least.Value || (value == least.Value && starts[row] < least.Start))
            {
                continue;
            }

            var place = (value, starts[row], -operations.Numbers[row]);
            if (kept.Count < count)
            {
                kept.Enqueue(operations.Numbers[row], place);
            }
            else if (place.CompareTo(least) > 0)
            {
                kept.DequeueEnqueue(operations.Numbers[row], place);
            }

            if (kept.Count == count)
            {
                kept.TryPeek(out _, out least);
            }
        }

        var numbers = new long[kept.Count];
        for (var i = numbers.Length - 1; i >= 0; i--)
        {
            numbers[i] = kept.Dequeue();
        }

        return [.. numbers];
    }
}
