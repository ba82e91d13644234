using System.Text;
using System.Text.Unicode;

namespace DhtTracer.Libp2p.Protobuf;

/// <summary>How a protobuf field is written.</summary>
public enum ProtobufWireType
{
    /// <summary>A varint.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length and as many bytes.</summary>
    Bytes = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}

/// <summary>
/// Reads a protobuf message field by field, without copies. The messages of libp2p are few and small, arrive from strangers, and
/// some need their raw bytes kept for signatures: hence no generated code. Malformed input throws <see cref="WireException"/>.
/// <code>while (reader.Next()) { switch (reader.Field) { case 1: x = reader.Bytes(); break; default: reader.Skip(); break; } }</code>
/// </summary>
public ref struct ProtobufReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts at the first field of a message.</summary>
    public ProtobufReader(ReadOnlySpan<byte> message) => _rest = message;

    /// <summary>Number of the field that is being read.</summary>
    public int Field { get; private set; }

    /// <summary>Wire type of the field that is being read.</summary>
    public ProtobufWireType WireType { get; private set; }

    /// <summary>Goes to the next field; false at the end of the message.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = RawVarint();
        Field = tag >> 3 is > 0 and <= 536870911 and var field ? (int)field : throw Malformed("a field number is out of range");
        WireType = (ProtobufWireType)(tag & 7);
        return true;
    }

    /// <summary>The value of a varint field.</summary>
    public ulong Varint()
    {
        Expect(ProtobufWireType.Varint);
        return RawVarint();
    }

    /// <summary>The value of a varint field as an int32 or enum; values beyond its range are an error.</summary>
    public int Int32()
    {
        var value = unchecked((long)Varint());
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Malformed("a number is out of range");
    }

    /// <summary>The value of a bytes field, or the bytes of a nested message; points into the message.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        Expect(ProtobufWireType.Bytes);
        var length = RawVarint();
        if (length > (ulong)_rest.Length)
        {
            throw Malformed("a field is longer than its message");
        }

        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    /// <summary>The value of a string field.</summary>
    /// <param name="maxLength">The most bytes it may have.</param>
    public string String(int maxLength)
    {
        var bytes = Bytes();
        return bytes.Length > maxLength ? throw Malformed($"a text is longer than {maxLength} bytes")
            : Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes)
            : throw Malformed("a text is not UTF-8");
    }

    /// <summary>Passes over the field.</summary>
    public void Skip()
    {
        switch (WireType)
        {
            case ProtobufWireType.Varint:
                _ = RawVarint();
                break;
            case ProtobufWireType.Bytes:
                _ = Bytes();
                break;
            case ProtobufWireType.Fixed64 when _rest.Length >= 8:
                _rest = _rest[8..];
                break;
            case ProtobufWireType.Fixed32 when _rest.Length >= 4:
                _rest = _rest[4..];
                break;
            default:
                throw Malformed("a field has a wire type that is not in use, or ends too early");
        }
    }

    private static WireException Malformed(string why) => new(WireLayer.Protobuf, why);

    private readonly void Expect(ProtobufWireType type)
    {
        if (WireType != type)
        {
            throw Malformed($"field {Field} has wire type {(int)WireType} instead of {(int)type}");
        }
    }

    /// <summary>Protobuf's own varints: up to 10 bytes, negative numbers included, padding allowed.</summary>
    private ulong RawVarint()
    {
        ulong value = 0;
        for (var i = 0; i < 10; i++)
        {
            if (i == _rest.Length)
            {
                throw Malformed("it ends inside a number");
            }

            var b = _rest[i];
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw Malformed("a number is longer than 10 bytes");
    }
}
