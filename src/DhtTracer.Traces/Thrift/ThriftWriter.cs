using System.Buffers;
using System.Text;

namespace DhtTracer.Traces.Thrift;

/// <summary>Writes Thrift. The two protocols differ in how they write numbers and headers.</summary>
internal abstract class ThriftWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();

    /// <summary>Makes a writer of a protocol.</summary>
    public static ThriftWriter Create(ThriftProtocol protocol) =>
        protocol == ThriftProtocol.Compact ? new ThriftCompactWriter() : new ThriftBinaryWriter();

    /// <summary>The output so far.</summary>
    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    /// <summary>Writes the header of a call that expects no answer.</summary>
    public abstract void WriteOnewayHeader(string method);

    /// <summary>Begins a struct.</summary>
    public abstract void BeginStruct();

    /// <summary>Writes the header of a field. Its value follows.</summary>
    public abstract void WriteField(short id, ThriftType type);

    /// <summary>Writes a complete boolean field.</summary>
    public abstract void WriteBoolField(short id, bool value);

    /// <summary>Ends a struct.</summary>
    public abstract void EndStruct();

    /// <summary>Writes the header of a list. The elements follow.</summary>
    public abstract void WriteListHeader(ThriftType elementType, int count);

    /// <summary>An <c>i32</c> or an enum.</summary>
    public abstract void WriteI32(int value);

    /// <summary>An <c>i64</c>.</summary>
    public abstract void WriteI64(long value);

    /// <summary>A <c>double</c>.</summary>
    public abstract void WriteDouble(double value);

    /// <summary>A <c>binary</c>.</summary>
    public abstract void WriteBytes(ReadOnlySpan<byte> value);

    /// <summary>A <c>string</c>.</summary>
    public void WriteString(string value) => WriteBytes(Encoding.UTF8.GetBytes(value));

    /// <summary>Bytes as they are.</summary>
    protected void Put(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    /// <summary>One byte.</summary>
    protected void Put(byte value) => Put([value]);
}

/// <summary>Which of Thrift's protocols.</summary>
public enum ThriftProtocol
{
    /// <summary>The strict binary protocol: HTTP 14268 and UDP 6832.</summary>
    Binary,

    /// <summary>The compact protocol: UDP 6831.</summary>
    Compact,
}
