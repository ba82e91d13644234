using System.Buffers;
using System.Runtime.InteropServices;
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

    /// <summary>
    /// Counts what <see cref="Write"/> wrote for many requests. Names are looked up once for each kind of provider, at the end.
    /// </summary>
    internal sealed class Sum
    {
        private readonly ProviderFateTally _tally = new();
        private readonly Dictionary<Kind, Totals> _kinds = [];

        /// <summary>Counts a request.</summary>
        /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
        public void Add(ReadOnlySpan<byte> bytes)
        {
            _tally.Add((BlockArrival)Varint.Read(ref bytes));
            while (!bytes.IsEmpty)
            {
                var kind = new Kind(
                    (ProviderStep)Varint.Read(ref bytes),
                    (ProviderFailure?)Varint.ReadNullable(ref bytes),
                    Varint.ReadNullable(ref bytes),
                    Varint.ReadNullable(ref bytes)
                );
                var took = Varint.ReadNullable(ref bytes);
                ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_kinds, kind, out _);
                totals = new Totals(totals.Count + 1, totals.Timed + (took is null ? 0 : 1), totals.ConnectNs + (took ?? 0));
            }
        }

        /// <summary>The counts.</summary>
        /// <param name="texts">Gives names by their numbers.</param>
        public ProviderFateTally ToTally(INumberedStrings texts)
        {
            foreach (var (kind, totals) in _kinds)
            {
                _tally.Add(
                    kind.Step,
                    kind.Failure,
                    kind.Transport is { } transport ? texts.Get(transport) : null,
                    kind.Agent is { } agent ? texts.Get(agent) : null,
                    totals.Count,
                    totals.Timed,
                    totals.ConnectNs
                );
            }

            _kinds.Clear();
            return _tally;
        }

        private readonly record struct Kind(ProviderStep Step, ProviderFailure? Failure, long? Transport, long? Agent);

        private readonly record struct Totals(long Count, long Timed, long ConnectNs);
    }
}
