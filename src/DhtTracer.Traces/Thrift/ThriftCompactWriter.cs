using System.Buffers.Binary;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Thrift;

/// <summary>Writes the compact protocol.</summary>
internal sealed class ThriftCompactWriter : ThriftWriter
{
    private const int Oneway = 4;
    private const int True = 1;
    private const int False = 2;

    private readonly Stack<short> _outerFieldIds = new();
    private short _fieldId;

    public override void WriteOnewayHeader(string method)
    {
        Put(0x82);
        Put((Oneway << 5) | 1);
        WriteVarint(0);
        WriteString(method);
    }

    public override void BeginStruct()
    {
        _outerFieldIds.Push(_fieldId);
        _fieldId = 0;
    }

    public override void WriteField(short id, ThriftType type) => WriteHeader(id, ToNumber(type));

    public override void WriteBoolField(short id, bool value) => WriteHeader(id, value ? True : False);

    public override void EndStruct()
    {
        Put(0);
        _fieldId = _outerFieldIds.Pop();
    }

    public override void WriteListHeader(ThriftType elementType, int count)
    {
        if (count < 15)
        {
            Put((byte)((count << 4) | ToNumber(elementType)));
        }
        else
        {
            Put((byte)(0xF0 | ToNumber(elementType)));
            WriteVarint((ulong)count);
        }
    }

    public override void WriteI32(int value) => WriteI64(value);

    public override void WriteI64(long value) => WriteVarint(unchecked((ulong)((value << 1) ^ (value >> 63))));

    public override void WriteDouble(double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        Put(bytes);
    }

    public override void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteVarint((ulong)value.Length);
        Put(value);
    }

    private static int ToNumber(ThriftType type) =>
        type switch
        {
            ThriftType.I32 => 5,
            ThriftType.I64 => 6,
            ThriftType.Double => 7,
            ThriftType.String => 8,
            ThriftType.List => 9,
            ThriftType.Struct => 12,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Jaeger's structs have no fields of this type."),
        };

    private void WriteHeader(short id, int type)
    {
        var difference = id - _fieldId;
        if (difference is > 0 and <= 15)
        {
            Put((byte)((difference << 4) | type));
        }
        else
        {
            Put((byte)type);
            WriteI64(id);
        }

        _fieldId = id;
    }

    private void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            Put((byte)(value | 0x80));
            value >>= 7;
        }

        Put((byte)value);
    }
}
