using System.Buffers;
using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The operations that started within one period. Periods are in UTC, without daylight saving.</summary>
public sealed record PeriodFacts
{
    // Below this, sorting takes no longer than looking for some places.
    private const int Many = 5_000;

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
    public static ImmutableArray<PeriodFacts> ByHour(IReadOnlyCollection<OperationFacts> operations)
    {
        using var columns = OperationColumns.Of(operations);
        return ByHour(columns);
    }

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
        var periodOf = ArrayPool<int>.Shared.Rent(count);
        var starts = operations.Starts;
        var sizes = new List<int>();
        var (lastNumber, lastPlace) = (ulong.MaxValue, -1);
        for (var i = 0; i < count; i++)
        {
            var number = starts[i] / nanoseconds;
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

        var durations = ArrayPool<long>.Shared.Rent(count);
        var durationOf = operations.Durations;
        var outcomeOf = operations.Outcomes;
        var outcomes = new int[sizes.Count * OutcomeCount.Most];
        for (var i = 0; i < count; i++)
        {
            var period = periodOf[i];
            durations[next[period]++] = durationOf[i];
            outcomes[(period * OutcomeCount.Most) + outcomeOf[i]]++;
        }

        ImmutableArray<PeriodFacts> periods =
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
        ArrayPool<int>.Shared.Return(periodOf);
        ArrayPool<long>.Shared.Return(durations);
        return periods;
    }

    private static PeriodFacts OfPeriod(ulong number, TimeSpan length, Span<long> durations, ReadOnlySpan<int> outcomes)
    {
        // 2^64 ns after 1970 is the year 2554, so the period of any 64-bit start is a valid date.
        var start = DateTimeOffset.UnixEpoch.AddTicks((long)number * length.Ticks);

        // Unknown durations first.
        var unknown = 0;
        for (var i = 0; i < durations.Length; i++)
        {
            if (durations[i] == OperationColumns.Unknown)
            {
                (durations[i], durations[unknown]) = (durations[unknown], durations[i]);
                unknown++;
            }
        }

        var known = durations[unknown..];
        if (known.Length < Many)
        {
            RadixSort.Sort(known);
        }

        return new PeriodFacts
        {
            Start = start,
            End = start + length,
            Operations = durations.Length,
            Success = OutcomeCount.Success(outcomes),
            Duration = known.Length < Many ? Distribution.OfSorted(known, unknown) : Distribution.OfUnsorted(known, unknown),
            Outcomes = OutcomeCount.Of(outcomes),
        };
    }
}
