using System.Collections.Immutable;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The operations that started within one period. Periods are in UTC, without daylight saving.</summary>
public sealed record PeriodFacts
{
    /// <summary>Start of the period, UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Start of the next period, UTC.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>Number of operations.</summary>
    public required int Operations { get; init; }

    /// <summary>Operations that succeeded, as a share of those with a known outcome.</summary>
    public required Share Success { get; init; }

    /// <summary>Durations in nanoseconds.</summary>
    public required Distribution Duration { get; init; }

    /// <summary>Number of operations for every outcome, in the order of <see cref="QueryOutcome"/>.</summary>
    public required ImmutableArray<OutcomeCount> Outcomes { get; init; }

    /// <summary>One entry for every hour in which an operation started, oldest first. Hours without operations are left out.</summary>
    public static ImmutableArray<PeriodFacts> ByHour(IEnumerable<OperationFacts> operations) => Of(operations, TimeSpan.FromHours(1));

    /// <summary>One entry for every period in which an operation started, oldest first. Periods without operations are left out.</summary>
    /// <param name="operations">The operations; their order does not matter.</param>
    /// <param name="length">Length of a period, at least a second. The first one begins at 1970-01-01 00:00 UTC.</param>
    public static ImmutableArray<PeriodFacts> Of(IEnumerable<OperationFacts> operations, TimeSpan length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, TimeSpan.FromSeconds(1));
        var nanoseconds = (ulong)length.Ticks * TimeSpan.NanosecondsPerTick;
        return
        [
            .. operations
                .GroupBy(operation => operation.StartUnixNano / nanoseconds)
                .OrderBy(static group => group.Key)
                .Select(group => OfPeriod(group.Key, length, [.. group])),
        ];
    }

    private static PeriodFacts OfPeriod(ulong number, TimeSpan length, IReadOnlyCollection<OperationFacts> operations)
    {
        // 2^64 ns after 1970 is the year 2554, so the period of any 64-bit start is a valid date.
        var start = DateTimeOffset.UnixEpoch.AddTicks((long)number * length.Ticks);
        return new PeriodFacts
        {
            Start = start,
            End = start + length,
            Operations = operations.Count,
            Success = OverviewFacts.SuccessOf(operations),
            Duration = Distribution.Of(operations.Select(static o => o.DurationNs)),
            Outcomes = OutcomeCount.Of(operations),
        };
    }
}
