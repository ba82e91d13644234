using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// What the lookups of an operation show of the network, one after the other: the span (8 bytes), the start after that of the operation,
/// the key and the closest set (positions of 8 bytes after their number), then the peers. Other numbers are varints; peers and texts are
/// numbers of their tables.
/// </summary>
internal static class PackedNetwork
{
    /// <summary>Lookups of one operation that are kept.</summary>
    private const int MostLookups = 100;

    private const int SpeaksShift = 2;

    /// <summary>Packs; null without lookups.</summary>
    /// <param name="numbers">Gives numbers to strings.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="queries">Its queries.</param>
    public static byte[]? Write(IStringNumbers numbers, Operation operation, IEnumerable<Query> queries)
    {
        var output = new ArrayBufferWriter<byte>(512);
        foreach (var lookup in queries.Select(ObservedLookup.Of).OfType<ObservedLookup>().Take(MostLookups))
        {
            lookup.Query.SpanId.WriteBytes(output.GetSpan(8)[..8]);
            output.Advance(8);
            Varint.Write(output, unchecked(lookup.StartUnixNano - operation.StartUnixNano));
            Positions(output, lookup.Key is { } key ? [key] : []);
            Positions(output, lookup.Closest);
            Varint.Write(output, (ulong)lookup.Peers.Length);
            foreach (var peer in lookup.Peers)
            {
                Varint.Write(output, (ulong)numbers.OfPeer(peer.Id));
                var speaks = peer.SpeaksDht is { } known ? (known ? 2UL : 1UL) : 0;
                Varint.Write(output, (ulong)peer.Fate | (speaks << SpeaksShift));
                foreach (var text in (ReadOnlySpan<string?>)[peer.Error, peer.Agent, peer.Transport])
                {
                    Varint.WriteNullable(output, text is null ? null : numbers.OfText(text));
                }

                Varint.WriteNullable(output, peer.NamedTried);
                Varint.Write(output, (ulong)peer.NamedDead);
            }
        }

        return output.WrittenCount == 0 ? null : output.WrittenSpan.ToArray();
    }

    /// <summary>Adds what <see cref="Write"/> wrote to a tally.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="trace">The operation's trace.</param>
    /// <param name="startUnixNano">Its start.</param>
    /// <param name="peers">Gives peer ids by their numbers.</param>
    /// <param name="texts">Gives texts by their numbers.</param>
    /// <param name="tally">Receives the lookups.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Read(
        ReadOnlySpan<byte> bytes,
        TraceId trace,
        ulong startUnixNano,
        INumberedStrings peers,
        INumberedStrings texts,
        NetworkTally tally
    )
    {
        while (!bytes.IsEmpty)
        {
            var span = SpanId.FromBytes(Take(ref bytes, 8));
            var start = unchecked(startUnixNano + Varint.Read(ref bytes));
            var key = Positions(ref bytes);
            var closest = Positions(ref bytes);
            var count = Count(ref bytes);
            var met = ImmutableArray.CreateBuilder<ObservedPeer>(count);
            for (var i = 0; i < count; i++)
            {
                var id = peers.Get((long)Varint.Read(ref bytes));
                var flags = Varint.Read(ref bytes);
                met.Add(
                    new ObservedPeer
                    {
                        Id = id,
                        Fate = (PeerFate)(flags & 3),
                        SpeaksDht = (flags >> SpeaksShift) switch
                        {
                            0 => null,
                            1 => false,
                            _ => true,
                        },
                        Error = Text(ref bytes, texts),
                        Agent = Text(ref bytes, texts),
                        Transport = Text(ref bytes, texts),
                        NamedTried = (int?)Varint.ReadNullable(ref bytes),
                        NamedDead = (int)Varint.Read(ref bytes),
                    }
                );
            }

            tally.Add(
                new ObservedLookup
                {
                    Query = new QueryId(trace, span),
                    StartUnixNano = start,
                    Key = key.IsEmpty ? null : key[0],
                    Closest = closest,
                    Peers = met.MoveToImmutable(),
                }
            );
        }
    }

    private static string? Text(ref ReadOnlySpan<byte> bytes, INumberedStrings texts) =>
        Varint.ReadNullable(ref bytes) is { } number ? texts.Get(number) : null;

    private static void Positions(ArrayBufferWriter<byte> output, ImmutableArray<ulong> positions)
    {
        Varint.Write(output, (ulong)positions.Length);
        foreach (var position in positions)
        {
            BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(8), position);
            output.Advance(8);
        }
    }

    private static ImmutableArray<ulong> Positions(ref ReadOnlySpan<byte> bytes)
    {
        var positions = ImmutableArray.CreateBuilder<ulong>(Count(ref bytes));
        for (var i = 0; i < positions.Capacity; i++)
        {
            positions.Add(BinaryPrimitives.ReadUInt64BigEndian(Take(ref bytes, 8)));
        }

        return positions.MoveToImmutable();
    }

    private static int Count(ref ReadOnlySpan<byte> bytes) =>
        Varint.Read(ref bytes) is var count && count <= (ulong)bytes.Length
            ? (int)count
            : throw new InvalidDataException($"What is stored of a lookup announces {count} items in {bytes.Length} bytes.");

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int length)
    {
        if (bytes.Length < length)
        {
            throw new InvalidDataException("What is stored of a lookup is cut off.");
        }

        var taken = bytes[..length];
        bytes = bytes[length..];
        return taken;
    }
}
