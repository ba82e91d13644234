using System.Buffers;
using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// What an operation shows of a record, as varints: whether it is complete, how many peers answered (nullable), the receivers, the holders,
/// then the values. Peers and texts are numbers of their tables. What the operation's row holds is not repeated.
/// </summary>
internal static class PackedRecord
{
    /// <summary>Packs; null for null.</summary>
    public static byte[]? Write(IStringNumbers numbers, RecordSighting? sighting)
    {
        if (sighting is null)
        {
            return null;
        }

        var output = new ArrayBufferWriter<byte>(96);
        Varint.Write(output, sighting.Complete ? 1UL : 0);
        Varint.WriteNullable(output, sighting.Answered);
        foreach (var list in (ReadOnlySpan<ImmutableArray<string>>)[sighting.SentTo, sighting.Holders])
        {
            Varint.Write(output, (ulong)list.Length);
            foreach (var peer in list)
            {
                Varint.Write(output, (ulong)numbers.OfPeer(peer));
            }
        }

        Varint.Write(output, (ulong)sighting.Values.Length);
        foreach (var value in sighting.Values)
        {
            Varint.Write(output, (ulong)numbers.OfText(value.Ipns.Value));
            Varint.Write(output, value.Ipns.Sequence);
            Varint.WriteNullable(output, (long?)value.Ipns.EndOfLifeUnixNano);
            Varint.Write(output, (ulong)value.Holders);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Adds what <see cref="Write"/> wrote to a sighting.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static RecordSighting Read(ReadOnlySpan<byte> bytes, RecordSighting sighting, INumberedStrings peers, INumberedStrings texts)
    {
        var complete = Varint.Read(ref bytes) != 0;
        var answered = Varint.ReadNullable(ref bytes);
        var sentTo = Peers(ref bytes, peers);
        var holders = Peers(ref bytes, peers);
        var values = ImmutableArray.CreateBuilder<SeenValue>();
        for (var left = Count(ref bytes); left > 0; left--)
        {
            values.Add(
                new SeenValue(
                    new IpnsValue(texts.Get((long)Varint.Read(ref bytes)), Varint.Read(ref bytes), (ulong?)Varint.ReadNullable(ref bytes)),
                    (int)Varint.Read(ref bytes)
                )
            );
        }

        return sighting with
        {
            Complete = complete,
            Answered = (int?)answered,
            SentTo = sentTo,
            Holders = holders,
            Values = values.ToImmutable(),
        };
    }

    private static ImmutableArray<string> Peers(ref ReadOnlySpan<byte> bytes, INumberedStrings peers)
    {
        var list = ImmutableArray.CreateBuilder<string>();
        for (var left = Count(ref bytes); left > 0; left--)
        {
            list.Add(peers.Get((long)Varint.Read(ref bytes)));
        }

        return list.ToImmutable();
    }

    private static ulong Count(ref ReadOnlySpan<byte> bytes) =>
        Varint.Read(ref bytes) is var count && count <= (ulong)bytes.Length
            ? count
            : throw new InvalidDataException($"A stored record announces {count} items in {bytes.Length} bytes.");
}
