using System.Buffers;
using System.Text;

namespace DhtTracer.Libp2p.Protobuf;

/// <summary>Writes a protobuf message in the order of the calls; with ascending field numbers that is the canonical encoding.</summary>
public sealed class ProtobufWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(128);

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>Writes a varint field, also when it is zero.</summary>
    public ProtobufWriter Varint(int field, ulong value)
    {
        RawVarint((ulong)field << 3);
        RawVarint(value);
        return this;
    }

    /// <summary>Writes a bytes field or nested message, also when it is empty.</summary>
    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        RawVarint(((ulong)field << 3) | (ulong)ProtobufWireType.Bytes);
        RawVarint((ulong)value.Length);
        _buffer.Write(value);
        return this;
    }

    /// <summary>Writes a string field, also when it is empty.</summary>
    public ProtobufWriter String(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A copy of the message.</summary>
    public byte[] ToArray() => Written.ToArray();

    private void RawVarint(ulong value)
    {
        var span = _buffer.GetSpan(10);
        var i = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[i++] = (byte)(value | 0x80);
        }

        span[i++] = (byte)value;
        _buffer.Advance(i);
    }
}
