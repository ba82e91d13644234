using System.Buffers.Binary;
using System.Text;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces.Thrift;

/// <summary>
/// Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md). Integers are zigzag varints. A field header is one byte with
/// the type and the difference to the previous id. The type of a boolean field is its value.
/// </summary>
internal ref struct ThriftCompactReader(ReadOnlySpan<byte> data) : IThriftReader
{
    private const string Format = "Jaeger Thrift (compact)";

    private static readonly ThriftType[] Types =
    [
        ThriftType.Stop,
        ThriftType.Bool,
        ThriftType.Bool,
        ThriftType.Byte,
        ThriftType.I16,
        ThriftType.I32,
        ThriftType.I64,
        ThriftType.Double,
        ThriftType.String,
        ThriftType.List,
        ThriftType.Set,
        ThriftType.Map,
        ThriftType.Struct,
    ];

    private readonly ReadOnlySpan<byte> _data = data;
    private bool _fieldIsTrue;

    public int Position { get; private set; }

    public string ReadMessageName()
    {
        var start = Take(2);
        if (start[0] != 0x82 || (start[1] & 0x1F) != 1)
        {
            throw new TraceFormatException(Format, 0, $"expected a message of version 1 (82), found {start[0]:x2} {start[1]:x2}");
        }

        ReadVarint();
        return Encoding.UTF8.GetString(ReadBytes());
    }

    public bool TryReadField(ref short fieldId, out ThriftType type)
    {
        var header = Take(1)[0];
        if (header == 0)
        {
            type = ThriftType.Stop;
            return false;
        }

        type = ToType(header & 0x0F);
        _fieldIsTrue = (header & 0x0F) == 1;
        fieldId = header >> 4 == 0 ? unchecked((short)ReadZigZag()) : unchecked((short)(fieldId + (header >> 4)));
        return true;
    }

    public int ReadListHeader(out ThriftType elementType)
    {
        var header = Take(1)[0];
        elementType = ToType(header & 0x0F);
        return header >> 4 == 15 ? ReadCount() : CheckCount((uint)header >> 4);
    }

    public int ReadMapHeader(out ThriftType keyType, out ThriftType valueType)
    {
        keyType = valueType = ThriftType.Stop;
        var count = ReadCount();
        if (count > 0)
        {
            var header = Take(1)[0];
            keyType = ToType(header >> 4);
            valueType = ToType(header & 0x0F);
        }

        return count;
    }

    public readonly bool ReadBool() => _fieldIsTrue;

    public int ReadI32() => unchecked((int)ReadZigZag());

    public long ReadI64() => ReadZigZag();

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount());

    public void SkipScalar(ThriftType type, bool inList)
    {
        switch (type)
        {
            case ThriftType.Bool when !inList:
                break;
            case ThriftType.Bool or ThriftType.Byte:
                Take(1);
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                ReadVarint();
                break;
            case ThriftType.Double:
                Take(8);
                break;
            case ThriftType.String:
                ReadBytes();
                break;
            default:
                throw Error($"expected a type, found number {(byte)type}");
        }
    }

    public readonly TraceFormatException Error(string problem) => new(Format, Position, problem);

    private readonly ThriftType ToType(int number) =>
        number < Types.Length ? Types[number] : throw Error($"expected a type from 1 to 12, found {number}");

    private int ReadCount() => CheckCount(ReadVarint());

    private readonly int CheckCount(ulong count) =>
        count <= (ulong)(_data.Length - Position)
            ? (int)count
            : throw Error($"expected a length of at most {_data.Length - Position}, found {count}");

    private long ReadZigZag()
    {
        var value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Error("expected a varint of at most ten bytes");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _data.Length - Position)
        {
            throw Error($"expected {length} more bytes, found {_data.Length - Position}");
        }

        var bytes = _data.Slice(Position, length);
        Position += length;
        return bytes;
    }
}
