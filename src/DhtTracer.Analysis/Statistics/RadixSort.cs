using System.Buffers;
using System.Numerics;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Sorts whole numbers in time proportional to their number: some bits at a time, least significant first. A million durations take a tenth
/// of the time of a comparison sort, because only the bits of their range are looked at.
/// </summary>
public static class RadixSort
{
    // Below this, clearing the counters costs more than comparing.
    private const int Small = 300;

    // From here on, fewer rounds are worth more counters: 2,048 of them fit into the first cache.
    private const int Large = 10_000;

    /// <summary>Sorts in ascending order.</summary>
    public static void Sort(Span<long> values)
    {
        if (values.Length < Small)
        {
            values.Sort();
            return;
        }

        var (least, greatest) = Range(values);
        var digit = values.Length < Large ? 8 : 11;
        var rounds = (64 - BitOperations.LeadingZeroCount(unchecked((ulong)greatest - (ulong)least)) + digit - 1) / digit;
        var counts = ArrayPool<int>.Shared.Rent(rounds << digit);
        var rented = ArrayPool<long>.Shared.Rent(values.Length);
        Count(values, counts.AsSpan(0, rounds << digit), least, digit);
        var from = values;
        var to = rented.AsSpan(0, values.Length);
        for (var round = 0; round < rounds; round++)
        {
            if (Deal(from, to, counts.AsSpan(round << digit, 1 << digit), least, round * digit))
            {
                var sorted = to;
                to = from;
                from = sorted;
            }
        }

        if (from != values)
        {
            from.CopyTo(values);
        }

        ArrayPool<long>.Shared.Return(rented);
        ArrayPool<int>.Shared.Return(counts);
    }

    /// <summary>The least and the greatest of some values.</summary>
    /// <param name="values">At least one value.</param>
    internal static (long Least, long Greatest) Range(ReadOnlySpan<long> values)
    {
        var (least, greatest) = (values[0], values[0]);
        foreach (var value in values)
        {
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        return (least, greatest);
    }

    // All digits are counted in one pass over the values.
    private static void Count(ReadOnlySpan<long> values, Span<int> counts, long least, int digit)
    {
        counts.Clear();
        var (size, mask) = (1 << digit, (1UL << digit) - 1);
        foreach (var value in values)
        {
            var left = unchecked((ulong)value - (ulong)least);
            for (var first = 0; first < counts.Length; first += size)
            {
                counts[first + (int)(left & mask)]++;
                left >>= digit;
            }
        }
    }

    // False when all values have the same digit, so that nothing has to move.
    private static bool Deal(ReadOnlySpan<long> from, Span<long> to, Span<int> counts, long least, int shift)
    {
        var sum = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == from.Length)
            {
                return false;
            }

            (counts[i], sum) = (sum, sum + counts[i]);
        }

        var mask = (ulong)counts.Length - 1;
        foreach (var value in from)
        {
            to[counts[(int)(unchecked((ulong)value - (ulong)least) >> shift & mask)]++] = value;
        }

        return true;
    }
}
