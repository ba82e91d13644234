using System.Runtime.InteropServices;

namespace DhtTracer.Analysis.Statistics;

/// <summary>A percentile of measured values, with an interval for the true percentile.</summary>
/// <param name="Percent">50, 90, 95 or 99.</param>
/// <param name="Value">The percentile by nearest rank (see <see cref="Percentile"/>), in the unit of the values.</param>
/// <param name="Interval">Encloses the true percentile with at least 95 % confidence; null when there are too few values for that.</param>
/// <param name="NeededForInterval">Least number of values for an interval.</param>
public sealed record PercentileFigure(int Percent, long Value, ValueInterval? Interval, int NeededForInterval);

/// <summary>Two measured values, both included.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ValueInterval(long Low, long High);

/// <summary>The distribution of measured values: durations in nanoseconds, or counts.</summary>
public sealed record Distribution
{
    /// <summary>So many values are summed in 64 bits at a time.</summary>
    private const int Part = 1024;

    /// <summary>Number of known values.</summary>
    public required int Count { get; init; }

    /// <summary>Number of queries without a known value; they are left out, never counted as zero.</summary>
    public required int Unknown { get; init; }

    /// <summary>Least value; null without values.</summary>
    public long? Min { get; init; }

    /// <summary>Greatest value; null without values.</summary>
    public long? Max { get; init; }

    /// <summary>Arithmetic mean; null without values.</summary>
    public double? Mean { get; init; }

    /// <summary>Median; null without values.</summary>
    public PercentileFigure? P50 { get; init; }

    /// <summary>90th percentile; null without values.</summary>
    public PercentileFigure? P90 { get; init; }

    /// <summary>95th percentile; null without values.</summary>
    public PercentileFigure? P95 { get; init; }

    /// <summary>99th percentile; null without values.</summary>
    public PercentileFigure? P99 { get; init; }

    /// <summary>The distribution of the values that are not null.</summary>
    public static Distribution Of(IEnumerable<long?> values)
    {
        var known = new List<long>();
        var unknown = 0;
        foreach (var value in values)
        {
            if (value is { } v)
            {
                known.Add(v);
            }
            else
            {
                unknown++;
            }
        }

        var sorted = CollectionsMarshal.AsSpan(known);
        RadixSort.Sort(sorted);
        return OfSorted(sorted, unknown);
    }

    /// <summary>The distribution of values sorted in ascending order.</summary>
    /// <param name="sorted">Values, ascending.</param>
    /// <param name="unknown">Number of unknown values.</param>
    public static Distribution OfSorted(ReadOnlySpan<long> sorted, int unknown)
    {
        return sorted.IsEmpty ? Nothing(unknown) : Of(new SortedPlaces(sorted), sorted.Length, unknown, Sum(sorted));
    }

    /// <summary>The distribution of values in any order, which stay as they are.</summary>
    /// <param name="values">The values.</param>
    /// <param name="unknown">Number of unknown values.</param>
    public static Distribution OfUnsorted(ReadOnlySpan<long> values, int unknown)
    {
        if (values.IsEmpty)
        {
            return Nothing(unknown);
        }

        var places = new SortedSet<int> { 0, values.Length - 1 };
        foreach (var percent in (ReadOnlySpan<int>)[50, 90, 95, 99])
        {
            places.Add(Percentile.Rank(values.Length, percent) - 1);
            if (OrderStatisticInterval.Ranks(values.Length, percent) is { } ranks)
            {
                places.Add(ranks.Low - 1);
                places.Add(ranks.High - 1);
            }
        }

        int[] wanted = [.. places];
        var found = new long[wanted.Length];
        Selection.At(values, wanted, found);
        return Of(new FoundPlaces(place => found[Array.BinarySearch(wanted, place)]), values.Length, unknown, Sum(values));
    }

    /// <summary>The distribution of values that can be read by their place in ascending order.</summary>
    /// <param name="count">Number of values.</param>
    /// <param name="unknown">Number of unknown values.</param>
    /// <param name="sum">Sum of the values.</param>
    /// <param name="valueAt">The value at a place, from 0.</param>
    internal static Distribution Of(int count, int unknown, Int128 sum, Func<int, long> valueAt) =>
        count == 0 ? Nothing(unknown) : Of(new FoundPlaces(valueAt), count, unknown, sum);

    // A 64-bit sum would overflow for the durations of a large archive, but not within a thousand of any that a clock can measure.
    private static Int128 Sum(ReadOnlySpan<long> values)
    {
        var sum = default(Int128);
        for (var start = 0; start < values.Length; start += Part)
        {
            var slice = values.Slice(start, Math.Min(Part, values.Length - start));
            var (part, isSmall) = (0L, true);
            foreach (var value in slice)
            {
                part = unchecked(part + value);
                isSmall &= value is > long.MinValue / Part and < long.MaxValue / Part;
            }

            if (isSmall)
            {
                sum += part;
                continue;
            }

            foreach (var value in slice)
            {
                sum += value;
            }
        }

        return sum;
    }

    private static Distribution Nothing(int unknown) => new() { Count = 0, Unknown = unknown };

    private static Distribution Of<TPlaces>(TPlaces places, int count, int unknown, Int128 sum)
        where TPlaces : IPlaces, allows ref struct =>
        new()
        {
            Count = count,
            Unknown = unknown,
            Min = places[0],
            Max = places[count - 1],
            Mean = (double)sum / count,
            P50 = Figure(places, count, 50),
            P90 = Figure(places, count, 90),
            P95 = Figure(places, count, 95),
            P99 = Figure(places, count, 99),
        };

    private static PercentileFigure Figure<TPlaces>(TPlaces places, int count, int percent)
        where TPlaces : IPlaces, allows ref struct
    {
        ValueInterval? interval = OrderStatisticInterval.Ranks(count, percent) is { } ranks
            ? new ValueInterval(places[ranks.Low - 1], places[ranks.High - 1])
            : null;
        return new PercentileFigure(percent, places[Percentile.Rank(count, percent) - 1], interval, OrderStatisticInterval.Needed(percent));
    }

    // Values in ascending order, by place.
    private interface IPlaces
    {
        long this[int place] { get; }
    }

    private readonly ref struct SortedPlaces(ReadOnlySpan<long> sorted) : IPlaces
    {
        private readonly ReadOnlySpan<long> _sorted = sorted;

        public long this[int place] => _sorted[place];
    }

    private readonly struct FoundPlaces(Func<int, long> valueAt) : IPlaces
    {
        public long this[int place] => valueAt(place);
    }
}
