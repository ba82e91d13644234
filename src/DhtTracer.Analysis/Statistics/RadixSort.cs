using System.Buffers;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Sorts whole numbers in time proportional to their number: a byte at a time, least significant first. A million durations take a tenth of
/// the time of a comparison sort, because their greatest bytes are all equal and are skipped.
/// </summary>
public static class RadixSort
{
    private const int Radix = 256;

    // Below this, clearing the counters costs more than comparing.
    private const int Small = 300;

    /// <summary>Sorts in ascending order.</summary>
    public static void Sort(Span<long> values)
    {
        if (values.Length < Small)
        {
            values.Sort();
            return;
        }

        var (least, greatest) = (values[0], values[0]);
        foreach (var value in values)
        {
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        var range = unchecked((ulong)greatest - (ulong)least);
        var rented = ArrayPool<long>.Shared.Rent(values.Length);
        var from = values;
        var to = rented.AsSpan(0, values.Length);
        Span<int> starts = stackalloc int[Radix];
        for (var shift = 0; shift < 64 && range >> shift != 0; shift += 8)
        {
            if (Deal(from, to, starts, least, shift))
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
    }

    // False when all values have the same byte, so that nothing has to move.
    private static bool Deal(ReadOnlySpan<long> from, Span<long> to, Span<int> starts, long least, int shift)
    {
        starts.Clear();
        foreach (var value in from)
        {
            starts[(byte)(unchecked((ulong)value - (ulong)least) >> shift)]++;
        }

        var sum = 0;
        for (var i = 0; i < Radix; i++)
        {
            if (starts[i] == from.Length)
            {
                return false;
            }

            (starts[i], sum) = (sum, sum + starts[i]);
        }

        foreach (var value in from)
        {
            to[starts[(byte)(unchecked((ulong)value - (ulong)least) >> shift)]++] = value;
        }

        return true;
    }
}
