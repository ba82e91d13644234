using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// Packs what a fact says into bytes. A key is its bytes; an exploration is its key, then the positions of the peers, eight bytes each; a
/// line and a statistic are their texts. Every text and list has its length before it, as a varint.
/// </summary>
public static class SweepFactCodec
{
    /// <summary>The kind of a fact.</summary>
    public static SweepFactKind KindOf(SweepFact fact) =>
        fact switch
        {
            SweepMark => SweepFactKind.Mark,
            SweepExploration => SweepFactKind.Exploration,
            SweepLogEntry => SweepFactKind.Log,
            BlockAnswer => SweepFactKind.Block,
            _ => SweepFactKind.Statistic,
        };

    /// <summary>Packs what the fact says beyond its span and its times.</summary>
    public static byte[] Write(SweepFact fact)
    {
        using var output = new MemoryStream();
        switch (fact)
        {
            case SweepMark mark:
                output.Write(mark.Key.AsSpan());
                break;
            case SweepExploration exploration:
                Put(output, exploration.Key.AsSpan());
                Put(output, exploration.Answered);
                Put(output, exploration.Failed);
                break;
            case SweepLogEntry line:
                Put(output, line.Level);
                Put(output, line.Logger);
                Put(output, line.Message);
                Put(output, line.Fields);
                break;
            case SweepStatistic statistic:
                Put(output, statistic.Command);
                Put(output, statistic.Answer);
                break;
            case BlockAnswer block:
                Put(output, block.Answer);
                Put(output, block.Peer);
                Put(output, block.Cid);
                Put(output, block.Error);
                break;
            default:
                throw new ArgumentException($"There is no packed form of {fact.GetType().Name}.", nameof(fact));
        }

        return output.ToArray();
    }

    /// <summary>Unpacks a fact.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">Its span.</param>
    /// <param name="startUnixNano">Its start.</param>
    /// <param name="durationNs">Its duration.</param>
    /// <param name="data">What <see cref="Write"/> made.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a kind that this version does not know.</exception>
    public static SweepFact Read(SweepFactKind kind, QueryId id, ulong startUnixNano, long durationNs, ReadOnlySpan<byte> data)
    {
        var reader = new Reader(data);
        return kind switch
        {
            SweepFactKind.Mark => new SweepMark
            {
                Id = id,
                StartUnixNano = startUnixNano,
                DurationNs = durationNs,
                Key = [.. data],
            },
            SweepFactKind.Exploration => new SweepExploration
            {
                Id = id,
                StartUnixNano = startUnixNano,
                DurationNs = durationNs,
                Key = [.. reader.Bytes()],
                Answered = reader.Positions(),
                Failed = reader.Positions(),
            },
            SweepFactKind.Log => new SweepLogEntry
            {
                Id = id,
                StartUnixNano = startUnixNano,
                DurationNs = durationNs,
                Level = reader.Text(),
                Logger = reader.Text(),
                Message = reader.Text(),
                Fields = reader.Text(),
            },
            SweepFactKind.Statistic => new SweepStatistic
            {
                Id = id,
                StartUnixNano = startUnixNano,
                DurationNs = durationNs,
                Command = reader.Text(),
                Answer = reader.Text(),
            },
            SweepFactKind.Block => new BlockAnswer
            {
                Id = id,
                StartUnixNano = startUnixNano,
                DurationNs = durationNs,
                Answer = reader.Text(),
                Peer = reader.Text(),
                Cid = reader.Text(),
                Error = reader.Text(),
            },
            _ => throw new InvalidDataException($"The fact of a sweep has the unknown kind {(int)kind}."),
        };
    }

    private static void Put(MemoryStream output, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[10];
        output.Write(length[..Varint.Write(length, (ulong)bytes.Length)]);
        output.Write(bytes);
    }

    private static void Put(MemoryStream output, string text) => Put(output, Encoding.UTF8.GetBytes(text));

    private static void Put(MemoryStream output, ImmutableArray<ulong> positions)
    {
        var bytes = new byte[positions.Length * 8];
        for (var i = 0; i < positions.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * 8), positions[i]);
        }

        Put(output, bytes);
    }

    private ref struct Reader(ReadOnlySpan<byte> data)
    {
        private ReadOnlySpan<byte> _rest = data;

        public ReadOnlySpan<byte> Bytes()
        {
            if (Varint.Read(_rest, out var length, out var used) != MultiformatError.None || length > (ulong)(_rest.Length - used))
            {
                throw new InvalidDataException("The fact of a sweep is cut off.");
            }

            var bytes = _rest.Slice(used, (int)length);
            _rest = _rest[(used + (int)length)..];
            return bytes;
        }

        public string Text() => Encoding.UTF8.GetString(Bytes());

        public ImmutableArray<ulong> Positions()
        {
            var bytes = Bytes();
            var positions = ImmutableArray.CreateBuilder<ulong>(bytes.Length / 8);
            for (var i = 0; i + 8 <= bytes.Length; i += 8)
            {
                positions.Add(BinaryPrimitives.ReadUInt64BigEndian(bytes[i..]));
            }

            return positions.ToImmutable();
        }
    }
}
