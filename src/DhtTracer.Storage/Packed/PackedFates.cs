using System.Buffers;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// What became of the providers of a block request, as varints: the block, then for each provider its step, its failure (nullable), its
/// transport and its agent (numbers of texts, 0 for unknown), and how long its connect took (nullable).
/// </summary>
internal static class PackedFates
{
    /// <summary>Packs; null for null.</summary>
    public static byte[]? Write(IStringNumbers numbers, ProviderFates? fates)
    {
        if (fates is null)
        {
            return null;
        }

        var output = new ArrayBufferWriter<byte>(64);
        Varint.Write(output, (ulong)fates.Block);
        foreach (var provider in fates.Providers)
        {
            Varint.Write(output, (ulong)provider.Step);
            Varint.WriteNullable(output, (long?)provider.Failure);
            Varint.WriteNullable(output, provider.Transport is { } transport ? numbers.OfText(transport) : null);
            Varint.WriteNullable(output, provider.Agent is { } agent ? numbers.OfText(agent) : null);
            Varint.WriteNullable(output, provider.ConnectNs);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Counts what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, ProviderFateTally tally, INumberedStrings texts)
    {
        tally.Add((BlockArrival)Varint.Read(ref bytes));
        while (!bytes.IsEmpty)
        {
            var step = (ProviderStep)Varint.Read(ref bytes);
            var failure = (ProviderFailure?)Varint.ReadNullable(ref bytes);
            var transport = Varint.ReadNullable(ref bytes);
            var agent = Varint.ReadNullable(ref bytes);
            tally.Add(
                step,
                failure,
                transport is { } number ? texts.Get(number) : null,
                agent is { } known ? texts.Get(known) : null,
                Varint.ReadNullable(ref bytes)
            );
        }
    }
}
