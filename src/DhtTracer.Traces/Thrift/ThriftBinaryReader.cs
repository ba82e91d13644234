using System.Buffers.Binary;
using System.Text;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces.Thrift;

/// <summary>
/// Thrift's strict binary protocol (thrift/doc/specs/thrift-binary-protocol.md). All numbers are big endian; a field has a type and an id.
/// </summary>
internal ref struct ThriftBinaryReader(ReadOnlySpan<byte> data) : IThriftReader
{
    private const string Format = "Jaeger Thrift (binary)";

    private readonly ReadOnlySpan<byte> _data = data;

    public int Position { get; private set; }

    public string ReadMessageName()
    {
        var version = BinaryPrimitives.ReadUInt32BigEndian(Take(4));
        if (version >> 16 != 0x8001)
        {
            throw new TraceFormatException(Format, 0, $"expected a strict message of version 1 (80 01), found {version >> 16:x4}");
        }

        var name = Encoding.UTF8.GetString(ReadBytes());
        Take(4);
        return name;
    }

    public bool TryReadField(ref short fieldId, out ThriftType type)
    {
        type = ReadType();
        if (type == ThriftType.Stop)
        {
            return false;
        }

        fieldId = BinaryPrimitives.ReadInt16BigEndian(Take(2));
        return true;
    }

    public int ReadListHeader(out ThriftType elementType)
    {
        elementType = ReadType();
        return ReadCount();
    }

    public int ReadMapHeader(out ThriftType keyType, out ThriftType valueType)
    {
        keyType = ReadType();
        valueType = ReadType();
        return ReadCount();
    }

    public bool ReadBool() => Take(1)[0] != 0;

    public int ReadI32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long ReadI64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount());

    public void SkipScalar(ThriftType type, bool inList)
    {
        switch (type)
        {
            case ThriftType.Bool or ThriftType.Byte:
                Take(1);
                break;
            case ThriftType.I16:
                Take(2);
                break;
            case ThriftType.I32:
                Take(4);
                break;
            case ThriftType.I64 or ThriftType.Double:
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

    private ThriftType ReadType() => (ThriftType)Take(1)[0];

    // An element takes at least one byte. A count beyond the remaining bytes is false and must not cause an allocation.
    private int ReadCount()
    {
        var count = BinaryPrimitives.ReadInt32BigEndian(Take(4));
        return count >= 0 && count <= _data.Length - Position
            ? count
            : throw Error($"expected a length of at most {_data.Length - Position}, found {count}");
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
