using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DhtTracer.Traces.Protobuf;

/// <summary>
/// Reads the Protocol Buffers wire format (protobuf.dev/programming-guides/encoding) in place. Over-long varints, which some
/// exporters write for lengths, are accepted up to the ten bytes that the format allows.
/// </summary>
internal ref struct ProtobufReader
{
    private const int DeepestGroup = 100;

    private readonly ReadOnlySpan<byte> data;
    private readonly string format;
    private readonly int end;
    private int position;

    public ProtobufReader(ReadOnlySpan<byte> data, string format)
        : this(data, format, 0, data.Length)
    {
    }

    private ProtobufReader(ReadOnlySpan<byte> data, string format, int position, int end)
    {
        this.data = data;
        this.format = format;
        this.position = position;
        this.end = end;
    }

    /// <summary>Bytes from the start of the whole input.</summary>
    public readonly int Position => position;

    /// <summary>Whether nothing is left of this message.</summary>
    public readonly bool AtEnd => position >= end;

    /// <summary>Reads the next tag (field number × 8 + wire type); false at the end of the message.</summary>
    public bool TryReadTag(out uint tag)
    {
        if (position >= end)
        {
            tag = 0;
            return false;
        }

        var first = data[position];
        if (first < 0x80)
        {
            position++;
            tag = first;
        }
        else
        {
            var start = position;
            var value = ReadVarintSlow();
            if (value > uint.MaxValue)
            {
                throw Error(start, "expected a field number of at most 29 bits");
            }

            tag = (uint)value;
        }

        return tag >= 8 ? true : throw Error(position - 1, "expected a field number of at least 1, found 0");
    }

    /// <summary>Reads a varint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        if (position < end && data[position] < 0x80)
        {
            return data[position++];
        }

        return ReadVarintSlow();
    }

    /// <summary>Reads a varint as <c>uint32</c>, which keeps the low 32 bits.</summary>
    public uint ReadUInt32() => unchecked((uint)ReadVarint());

    /// <summary>Reads eight bytes, little endian.</summary>
    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, "a fixed 64-bit field"));

    /// <summary>Reads four bytes, little endian.</summary>
    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, "a fixed 32-bit field"));

    /// <summary>Reads a length and that many bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadLength(), "a length-delimited field");

    /// <summary>Reads a length and returns a reader for that many bytes; offsets stay those of the whole input.</summary>
    public ProtobufReader ReadMessage()
    {
        var length = ReadLength();
        if (length > end - position)
        {
            throw TooLong(length, "a message");
        }

        var message = new ProtobufReader(data, format, position, position + length);
        position += length;
        return message;
    }

    /// <summary>Passes over a field that is of no interest.</summary>
    public void Skip(uint tag)
    {
        var depth = 0;
        while (true)
        {
            switch (tag & 7)
            {
                case 0:
                    ReadVarint();
                    break;
                case 1:
                    Take(8, "a fixed 64-bit field");
                    break;
                case 2:
                    ReadBytes();
                    break;
                case 3 when depth < DeepestGroup:
                    depth++;
                    break;
                case 3:
                    throw Error(position, $"groups are nested more than {DeepestGroup} deep");
                case 4 when depth > 0:
                    depth--;
                    break;
                case 5:
                    Take(4, "a fixed 32-bit field");
                    break;
                default:
                    throw Error(position, $"expected wire type 0, 1, 2 or 5, found {tag & 7}");
            }

            if (depth == 0)
            {
                return;
            }

            if (!TryReadTag(out tag))
            {
                throw Error(position, "expected the end of a group, found the end of the message");
            }
        }
    }

    /// <summary>An exception for this place.</summary>
    public readonly TraceFormatException Error(string problem) => Error(position, problem);

    private readonly TraceFormatException Error(int offset, string problem) => new(format, offset, problem);

    private readonly TraceFormatException TooLong(int length, string what) =>
        Error(position, $"expected {length} bytes of {what}, found {end - position}");

    private int ReadLength()
    {
        var start = position;
        var length = ReadVarint();
        return length <= int.MaxValue ? (int)length : throw Error(start, $"expected a length below 2 GiB, found {length}");
    }

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > end - position)
        {
            throw TooLong(length, what);
        }

        var bytes = data.Slice(position, length);
        position += length;
        return bytes;
    }

    private ulong ReadVarintSlow()
    {
        var start = position;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= end)
            {
                throw Error(start, "expected a varint, found the end of the message");
            }

            var part = data[position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Error(start, "expected a varint of at most ten bytes");
    }
}
