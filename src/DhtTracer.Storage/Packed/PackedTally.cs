using System.Buffers;
using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Packed;

/// <summary>Two lists of names and counts, with names as string numbers: errors, then agent versions.</summary>
internal static class PackedTally
{
    /// <summary>Packs both lists; empty if both are empty.</summary>
    public static ReadOnlySpan<byte> Write(IStringNumbers numbers, ImmutableArray<NamedCount> errors, ImmutableArray<NamedCount> agents)
    {
        if (errors.IsEmpty && agents.IsEmpty)
        {
            return [];
        }

        var output = new ArrayBufferWriter<byte>(64);
        foreach (var list in (ReadOnlySpan<ImmutableArray<NamedCount>>)[errors, agents])
        {
            Varint.Write(output, (ulong)list.Length);
            foreach (var item in list)
            {
                Varint.Write(output, (ulong)numbers.OfText(item.Name));
                Varint.Write(output, (ulong)item.Count);
            }
        }

        return output.WrittenSpan;
    }

    /// <summary>Reads the output of <see cref="Write"/>.</summary>
    /// <param name="bytes">The packed lists.</param>
    /// <param name="item">Makes an item from the number of its text and its count.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static (ImmutableArray<NamedCount> Errors, ImmutableArray<NamedCount> Agents) Read(
        ReadOnlySpan<byte> bytes,
        Func<long, long, NamedCount> item
    )
    {
        return bytes.IsEmpty ? ([], []) : (ReadList(ref bytes, item), ReadList(ref bytes, item));
    }

    private static ImmutableArray<NamedCount> ReadList(ref ReadOnlySpan<byte> bytes, Func<long, long, NamedCount> item)
    {
        var count = Varint.Read(ref bytes);
        if (count > (ulong)bytes.Length)
        {
            throw new InvalidDataException($"A stored tally announces {count} items in {bytes.Length} bytes.");
        }

        var list = ImmutableArray.CreateBuilder<NamedCount>((int)count);
        for (var i = 0UL; i < count; i++)
        {
            list.Add(item((long)Varint.Read(ref bytes), (long)Varint.Read(ref bytes)));
        }

        return list.MoveToImmutable();
    }
}
