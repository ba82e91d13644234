using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces.Protobuf;

/// <summary>
/// Reads the Protocol Buffers wire format (protobuf.dev/programming-guides/encoding) in place. Accepts over-long varints up to the format's
/// ten bytes, because some exporters write lengths that way.
/// </summary>
internal ref struct ProtobufReader
{
    private const int DeepestGroup = 100;

    private readonly ReadOnlySpan<byte> _data;
    private readonly string _format;
    private readonly int _end;
    private int _position;

    public ProtobufReader(ReadOnlySpan<byte> data, string format)
        : this(data, format, 0, data.Length) { }

    private ProtobufReader(ReadOnlySpan<byte> data, string format, int position, int end)
    {
        _data = data;
        _format = format;
        _position = position;
        _end = end;
    }

    /// <summary>Bytes from the start of the whole input.</summary>
    public readonly int Position => _position;

    /// <summary>Whether this message is fully read.</summary>
    public readonly bool AtEnd => _position >= _end;

    /// <summary>Reads the next tag (field number × 8 + wire type); false at the end of the message.</summary>
    public bool TryReadTag(out uint tag)
    {
        if (_position >= _end)
        {
            tag = 0;
            return false;
        }

        var first = _data[_position];
        if (first < 0x80)
        {
            _position++;
            tag = first;
        }
        else
        {
            var start = _position;
            var value = ReadVarintSlow();
            if (value > uint.MaxValue)
            {
                throw Error(start, "expected a field number of at most 29 bits");
            }

            tag = (uint)value;
        }

        return tag >= 8 ? true : throw Error(_position - 1, "expected a field number of at least 1, found 0");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        if (_position < _end && _data[_position] < 0x80)
        {
            return _data[_position++];
        }

        return ReadVarintSlow();
    }

    /// <summary>Reads a varint as <c>uint32</c>: keeps the low 32 bits.</summary>
    public uint ReadUInt32() => unchecked((uint)ReadVarint());

    /// <summary>Reads eight bytes, little endian.</summary>
    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, "a fixed 64-bit field"));

    /// <summary>Reads four bytes, little endian.</summary>
    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, "a fixed 32-bit field"));

    /// <summary>Reads a length and that many bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadLength(), "a length-delimited field");

    /// <summary>
    /// Reads a length and returns a reader for that many bytes. Its offsets still count from the start of the whole input.
    /// </summary>
    public ProtobufReader ReadMessage()
    {
        var length = ReadLength();
        if (length > _end - _position)
        {
            throw TooLong(length, "a message");
        }

        var message = new ProtobufReader(_data, _format, _position, _position + length);
        _position += length;
        return message;
    }

    /// <summary>Skips a field.</summary>
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
                    throw Error(_position, $"groups are nested more than {DeepestGroup} deep");
                case 4 when depth > 0:
                    depth--;
                    break;
                case 5:
                    Take(4, "a fixed 32-bit field");
                    break;
                default:
                    throw Error(_position, $"expected wire type 0, 1, 2 or 5, found {tag & 7}");
            }

            if (depth == 0)
            {
                return;
            }

            if (!TryReadTag(out tag))
            {
                throw Error(_position, "expected the end of a group, found the end of the message");
            }
        }
    }

    /// <summary>Makes an exception for the current position.</summary>
    public readonly TraceFormatException Error(string problem) => Error(_position, problem);

    private readonly TraceFormatException Error(int offset, string problem) => new(_format, offset, problem);

    private readonly TraceFormatException TooLong(int length, string what) =>
        Error(_position, $"expected {length} bytes of {what}, found {_end - _position}");

    private int ReadLength()
    {
        var start = _position;
        var length = ReadVarint();
        return length <= int.MaxValue ? (int)length : throw Error(start, $"expected a length below 2 GiB, found {length}");
    }

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > _end - _position)
        {
            throw TooLong(length, what);
        }

        var bytes = _data.Slice(_position, length);
        _position += length;
        return bytes;
    }

    private ulong ReadVarintSlow()
    {
        var start = _position;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position >= _end)
            {
                throw Error(start, "expected a varint, found the end of the message");
            }

            var part = _data[_position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Error(start, "expected a varint of at most ten bytes");
    }
}
