using System.Buffers;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>
/// How often each operation of a block had each name: error classes or agent versions, in two columns. All numbers are varints. The sums
/// are the number of names, and for each its text, its count and its operations, over the block's operations that count in statistics by
/// default (neither background nor skipped). The rows are, for each operation, how many names it had, and each as its place among the names
/// with its count.
/// </summary>
internal static class TallyColumn
{
    /// <summary>Packs both columns.</summary>
    /// <param name="rows">The names and counts of each operation, as numbers of texts.</param>
    /// <param name="byDefault">Whether each operation counts by default.</param>
    public static (byte[] Sums, byte[] Rows) Encode(IReadOnlyList<IReadOnlyList<(long Text, long Count)>> rows, Func<int, bool> byDefault)
    {
        var places = new Dictionary<long, int>();
        foreach (var row in rows)
        {
            foreach (var (text, _) in row)
            {
                places.TryAdd(text, places.Count);
            }
        }

        var (counts, operations) = (new long[places.Count], new long[places.Count]);
        for (var i = 0; i < rows.Count; i++)
        {
            foreach (var (text, count) in byDefault(i) ? rows[i] : [])
            {
                counts[places[text]] += count;
                operations[places[text]]++;
            }
        }

        var output = new ArrayBufferWriter<byte>(1024);
        Varint.Write(output, (ulong)places.Count);
        foreach (var (text, place) in places.OrderBy(static place => place.Value))
        {
            Varint.Write(output, (ulong)text);
            Varint.Write(output, (ulong)counts[place]);
            Varint.Write(output, (ulong)operations[place]);
        }

        var sums = output.WrittenSpan.ToArray();
        output.ResetWrittenCount();
        foreach (var row in rows)
        {
            Varint.Write(output, (ulong)row.Count);
            foreach (var (text, count) in row)
            {
                Varint.Write(output, (ulong)places[text]);
                Varint.Write(output, (ulong)count);
            }
        }

        return (sums, output.WrittenSpan.ToArray());
    }

    /// <summary>The names of a column of sums, with what they add up to by default.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static (long Text, long Count, int Operations)[] ReadNames(ReadOnlySpan<byte> bytes)
    {
        var count = Varint.Read(ref bytes);
        if (count > (ulong)bytes.Length)
        {
            throw new InvalidDataException($"A stored column announces {count} names in {bytes.Length} bytes.");
        }

        var names = new (long, long, int)[count];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = ((long)Varint.Read(ref bytes), (long)Varint.Read(ref bytes), (int)Varint.Read(ref bytes));
        }

        return names;
    }

    /// <summary>Adds up the names of some operations.</summary>
    /// <param name="bytes">The rows.</param>
    /// <param name="rows">Places of the operations in the block, ascending.</param>
    /// <param name="sums">Receives counts and operations by the place of the name.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Sum(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> rows, Span<(long Count, int Operations)> sums)
    {
        var row = 0;
        foreach (var wanted in rows)
        {
            for (; row < wanted; row++)
            {
                Skip(ref bytes);
            }

            for (var left = Varint.Read(ref bytes); left > 0; left--)
            {
                var place = Varint.Read(ref bytes);
                var count = (long)Varint.Read(ref bytes);
                if (place >= (ulong)sums.Length)
                {
                    throw new InvalidDataException($"A stored column refers to name {place} of {sums.Length}.");
                }

                ref var sum = ref sums[(int)place];
                sum = (sum.Count + count, sum.Operations + 1);
            }

            row++;
        }
    }

    /// <summary>Removes the operations that have none of some names.</summary>
    /// <param name="bytes">The rows.</param>
    /// <param name="rows">Places of the operations in the block, ascending; those that stay come first.</param>
    /// <param name="isWanted">By the place of the name, whether it is one of them.</param>
    /// <returns>How many stay.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static int Keep(ReadOnlySpan<byte> bytes, Span<int> rows, ReadOnlySpan<bool> isWanted)
    {
        var (row, kept) = (0, 0);
        foreach (var candidate in rows)
        {
            for (; row < candidate; row++)
            {
                Skip(ref bytes);
            }

            var has = false;
            for (var left = Varint.Read(ref bytes); left > 0; left--)
            {
                var place = Varint.Read(ref bytes);
                has |= place < (ulong)isWanted.Length && isWanted[(int)place];
                Varint.Read(ref bytes);
            }

            row++;
            if (has)
            {
                rows[kept++] = candidate;
            }
        }

        return kept;
    }

    private static void Skip(ref ReadOnlySpan<byte> bytes)
    {
        for (var left = Varint.Read(ref bytes) * 2; left > 0; left--)
        {
            Varint.Read(ref bytes);
        }
    }
}
