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
        if (sorted.IsEmpty)
        {
            return new Distribution { Count = 0, Unknown = unknown };
        }

        // A 64-bit sum would overflow for the durations of a large archive.
        var sum = default(Int128);
        foreach (var value in sorted)
        {
            sum += value;
        }

        return new Distribution
        {
            Count = sorted.Length,
            Unknown = unknown,
            Min = sorted[0],
            Max = sorted[^1],
            Mean = (double)sum / sorted.Length,
            P50 = Figure(sorted, 50),
            P90 = Figure(sorted, 90),
            P95 = Figure(sorted, 95),
            P99 = Figure(sorted, 99),
        };
    }

    private static PercentileFigure Figure(ReadOnlySpan<long> sorted, int percent)
    {
        ValueInterval? interval = OrderStatisticInterval.Ranks(sorted.Length, percent) is { } ranks
            ? new ValueInterval(sorted[ranks.Low - 1], sorted[ranks.High - 1])
            : null;
        return new PercentileFigure(percent, Percentile.Of(sorted, percent), interval, OrderStatisticInterval.Needed(percent));
    }
}
