using System.Collections.Immutable;

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
    public static ImmutableArray<PeriodFacts> ByHour(OperationColumns operations) => Of(operations, TimeSpan.FromHours(1));

    /// <summary>One entry for every hour in which an operation started, oldest first. Hours without operations are left out.</summary>
    public static ImmutableArray<PeriodFacts> ByHour(IReadOnlyCollection<OperationFacts> operations) =>
        ByHour(OperationColumns.Of(operations));

    /// <summary>One entry for every period in which an operation started, oldest first. Periods without operations are left out.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="length">Length of a period, at least a second. The first one begins at 1970-01-01 00:00 UTC.</param>
    public static ImmutableArray<PeriodFacts> Of(OperationColumns operations, TimeSpan length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, TimeSpan.FromSeconds(1));
        var nanoseconds = (ulong)length.Ticks * TimeSpan.NanosecondsPerTick;
        var count = operations.Count;

        // The operations of each period side by side: counted first, then put in their places.
        var places = new Dictionary<ulong, int>();
        var periodOf = GC.AllocateUninitializedArray<int>(count);
        var sizes = new List<int>();
        var (lastNumber, lastPlace) = (ulong.MaxValue, -1);
        for (var i = 0; i < count; i++)
        {
            var number = operations.Starts[i] / nanoseconds;
            if (number != lastNumber)
            {
                if (!places.TryGetValue(number, out lastPlace))
                {
                    lastPlace = sizes.Count;
                    places.Add(number, lastPlace);
                    sizes.Add(0);
                }

                lastNumber = number;
            }

            periodOf[i] = lastPlace;
            sizes[lastPlace]++;
        }

        var next = new int[sizes.Count];
        for (var i = 1; i < next.Length; i++)
        {
            next[i] = next[i - 1] + sizes[i - 1];
        }

        var durations = GC.AllocateUninitializedArray<long>(count);
        var outcomes = new int[sizes.Count * OutcomeCount.Most];
        for (var i = 0; i < count; i++)
        {
            var period = periodOf[i];
            durations[next[period]++] = operations.Durations[i];
            outcomes[(period * OutcomeCount.Most) + operations.Outcomes[i]]++;
        }

        return
        [
            .. places
                .OrderBy(static place => place.Key)
                .Select(place =>
                    OfPeriod(
                        place.Key,
                        length,
                        durations.AsSpan(next[place.Value] - sizes[place.Value], sizes[place.Value]),
                        outcomes.AsSpan(place.Value * OutcomeCount.Most, OutcomeCount.Most)
                    )
                ),
        ];
    }

    private static PeriodFacts OfPeriod(ulong number, TimeSpan length, ReadOnlySpan<long> durations, ReadOnlySpan<int> outcomes)
    {
        // 2^64 ns after 1970 is the year 2554, so the period of any 64-bit start is a valid date.
        var start = DateTimeOffset.UnixEpoch.AddTicks((long)number * length.Ticks);
        return new PeriodFacts
        {
            Start = start,
            End = start + length,
            Operations = durations.Length,
            Success = OutcomeCount.Success(outcomes),
            Duration = SortedValues.Of(durations).Distribution(),
            Outcomes = OutcomeCount.Of(outcomes),
        };
    }
}
