using System.Buffers.Binary;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Thrift;

/// <summary>Writes the strict binary protocol.</summary>
internal sealed class ThriftBinaryWriter : ThriftWriter
{
    private const int Oneway = 4;

    public override void WriteOnewayHeader(string method)
    {
        WriteI32(unchecked((int)0x8001_0000) | Oneway);
        WriteString(method);
        WriteI32(0);
    }

    public override void BeginStruct()
    {
        // A struct has no header of its own.
    }

    public override void WriteField(short id, ThriftType type)
    {
        Put((byte)type);
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, id);
        Put(bytes);
    }

    public override void WriteBoolField(short id, bool value)
    {
        WriteField(id, ThriftType.Bool);
        Put(value ? (byte)1 : (byte)0);
    }

    public override void EndStruct() => Put(0);

    public override void WriteListHeader(ThriftType elementType, int count)
    {
        Put((byte)elementType);
        WriteI32(count);
    }

    public override void WriteI32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        Put(bytes);
    }

    public override void WriteI64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        Put(bytes);
    }

    public override void WriteDouble(double value) => WriteI64(BitConverter.DoubleToInt64Bits(value));

    public override void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteI32(value.Length);
        Put(value);
    }
}
