using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Protobuf;

/// <summary>
/// Writes the Protocol Buffers wire format from end to start, so the length of a nested message is known when its prefix is written. This
/// needs no second pass to compute sizes. Callers write fields last to first, and content before its tag.
/// </summary>
internal sealed class ReverseProtobufWriter
{
    private const int LargestKeptBuffer = 4 * 1024 * 1024;

    private byte[] _buffer = new byte[1024];
    private int _start;

    public ReverseProtobufWriter() => _start = _buffer.Length;

    /// <summary>Bytes written so far.</summary>
    public int Written => _buffer.Length - _start;

    /// <summary>The output so far, in reading order.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(_start);

    /// <summary>Clears the output; keeps the buffer unless it is unusually large.</summary>
    public void Clear()
    {
        if (_buffer.Length > LargestKeptBuffer)
        {
            _buffer = new byte[1024];
        }

        _start = _buffer.Length;
    }

    /// <summary>Writes a varint field, even if zero.</summary>
    public void WriteVarint(uint tag, ulong value)
    {
        WriteRawVarint(value);
        WriteRawVarint(tag);
    }

    /// <summary>Writes a varint field; omits it if zero, as proto3 does.</summary>
    public void WriteVarintIfSet(uint tag, ulong value)
    {
        if (value != 0)
        {
            WriteVarint(tag, value);
        }
    }

    /// <summary>A <c>fixed64</c> or <c>double</c> field.</summary>
    public void WriteFixed64(uint tag, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
        WriteRawVarint(tag);
    }

    /// <summary>A <c>fixed32</c> field.</summary>
    public void WriteFixed32(uint tag, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
        WriteRawVarint(tag);
    }

    /// <summary>A bytes field.</summary>
    public void WriteBytes(uint tag, ReadOnlySpan<byte> value)
    {
        value.CopyTo(Take(value.Length));
        WriteRawVarint((ulong)value.Length);
        WriteRawVarint(tag);
    }

    /// <summary>Writes a string field, even if empty.</summary>
    public void WriteString(uint tag, string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Take(length));
        WriteRawVarint((ulong)length);
        WriteRawVarint(tag);
    }

    /// <summary>Writes a string field; omits it if empty, as proto3 does.</summary>
    public void WriteStringIfSet(uint tag, string value)
    {
        if (value.Length > 0)
        {
            WriteString(tag, value);
        }
    }

    /// <summary>A trace id field.</summary>
    public void WriteId(uint tag, TraceId id)
    {
        id.WriteBytes(Take(16));
        WriteRawVarint(16);
        WriteRawVarint(tag);
    }

    /// <summary>A span id field.</summary>
    public void WriteId(uint tag, SpanId id)
    {
        id.WriteBytes(Take(8));
        WriteRawVarint(8);
        WriteRawVarint(tag);
    }

    /// <summary>
    /// Prepends the tag and length of a message to what was written since <paramref name="mark"/>, an earlier value of
    /// <see cref="Written"/>.
    /// </summary>
    public void CloseMessage(uint tag, int mark)
    {
        WriteRawVarint((ulong)(Written - mark));
        WriteRawVarint(tag);
    }

    private void WriteRawVarint(ulong value)
    {
        var size = (BitOperations.Log2(value | 1) / 7) + 1;
        var bytes = Take(size);
        for (var index = 0; index < size - 1; index++)
        {
            bytes[index] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[size - 1] = (byte)value;
    }

    private Span<byte> Take(int size)
    {
        if (size > _start)
        {
            Grow(size);
        }

        _start -= size;
        return _buffer.AsSpan(_start, size);
    }

    private void Grow(int size)
    {
        var written = Written;
        var wanted = Math.Min(Math.Max((long)_buffer.Length * 2, (long)written + size), Array.MaxLength);
        if (wanted < (long)written + size)
        {
            throw new InvalidOperationException("One encoded message cannot exceed 2 GiB; write the traces one after another instead.");
        }

        var bigger = new byte[wanted];
        WrittenSpan.CopyTo(bigger.AsSpan(bigger.Length - written));
        _start = bigger.Length - written;
        _buffer = bigger;
    }
}
