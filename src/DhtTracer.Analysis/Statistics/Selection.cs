using System.Buffers;
using System.Numerics;

namespace DhtTracer.Analysis.Statistics;

/// <summary>Finds values by their place in ascending order without sorting all of them.</summary>
public static class Selection
{
    // Up to so many values, sorting is faster than dividing them again.
    private const int Few = 32;

    // Values are divided into so many ranges of equal width; only those ranges are sorted in which a wanted place lies.
    private const int Ranges = 2048;

    /// <summary>The values at some places in ascending order. The values stay as they are.</summary>
    /// <param name="values">At least one value.</param>
    /// <param name="places">Places from 0, ascending.</param>
    /// <param name="found">Receives the value at each place.</param>
    public static void At(ReadOnlySpan<long> values, ReadOnlySpan<int> places, Span<long> found)
    {
        var (least, greatest) = RadixSort.Range(values);
        var bits = 64 - BitOperations.LeadingZeroCount(unchecked((ulong)greatest - (ulong)least));
        var shift = Math.Max(0, bits - BitOperations.Log2(Ranges));
        Span<int> starts = stackalloc int[Ranges + 1];
        starts.Clear();
        foreach (var value in values)
        {
            starts[(int)(unchecked((ulong)value - (ulong)least) >> shift) + 1]++;
        }

        Span<bool> isWanted = stackalloc bool[Ranges];
        isWanted.Clear();
        var (place, wanted) = (0, 0);
        for (var range = 0; range < Ranges; range++)
        {
            var count = starts[range + 1];
            starts[range + 1] += starts[range];
            for (; place < places.Length && places[place] < starts[range + 1]; place++)
            {
                wanted += isWanted[range] ? 0 : count;
                isWanted[range] = true;
            }
        }

        // The values of the wanted ranges, range by range once they are sorted.
        var gathered = ArrayPool<long>.Shared.Rent(Math.Max(1, wanted));
        var at = 0;
        foreach (var value in values)
        {
            if (isWanted[(int)(unchecked((ulong)value - (ulong)least) >> shift)])
            {
                gathered[at++] = value;
            }
        }

        RadixSort.Sort(gathered.AsSpan(0, at));
        var (left, next) = (0, 0);
        for (var range = 0; range < Ranges; range++)
        {
            for (; next < places.Length && places[next] < starts[range + 1]; next++)
            {
                found[next] = gathered[places[next] - left];
            }

            left += isWanted[range] ? 0 : starts[range + 1] - starts[range];
        }

        ArrayPool<long>.Shared.Return(gathered);
    }

    /// <summary>The percentile of values by nearest rank (see <see cref="Percentile"/>). Their order changes.</summary>
    /// <param name="values">At least one value.</param>
    /// <param name="percent">1 to 99.</param>
    public static long Percentile(Span<long> values, int percent) => At(values, Statistics.Percentile.Rank(values.Length, percent) - 1);

    /// <summary>The value at a place in ascending order. The order of the values changes.</summary>
    /// <param name="values">At least one value.</param>
    /// <param name="place">From 0.</param>
    public static long At(Span<long> values, int place)
    {
        // Quickselect. Values that take too many rounds, because they were made to, are sorted: then it is never quadratic.
        for (var rounds = 0; values.Length > Few && rounds < 64; rounds++)
        {
            var pivot = Middle(values[0], values[values.Length / 2], values[^1]);
            var (low, at, high) = (0, 0, values.Length);
            while (at < high)
            {
                var value = values[at];
                if (value < pivot)
                {
                    (values[at++], values[low]) = (values[low], value);
                    low++;
                }
                else if (value > pivot)
                {
                    high--;
                    (values[at], values[high]) = (values[high], value);
                }
                else
                {
                    at++;
                }
            }

            if (place < low)
            {
                values = values[..low];
            }
            else if (place < high)
            {
                return pivot;
            }
            else
            {
                values = values[high..];
                place -= high;
            }
        }

        RadixSort.Sort(values);
        return values[place];
    }

    private static long Middle(long a, long b, long c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
