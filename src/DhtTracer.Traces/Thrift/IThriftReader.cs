using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces.Thrift;

/// <summary>Reads one of Thrift's protocols in place. Every error is a <see cref="TraceFormatException"/> with its offset.</summary>
internal interface IThriftReader
{
    /// <summary>Bytes from the start of the input.</summary>
    int Position { get; }

    /// <summary>Reads the header of a message and returns the name of the called method.</summary>
    string ReadMessageName();

    /// <summary>Reads the header of the next field; false at the end of the struct.</summary>
    /// <param name="fieldId">In: the previous field's id, 0 before the first. Out: this field's id.</param>
    /// <param name="type">Its type.</param>
    bool TryReadField(ref short fieldId, out ThriftType type);

    /// <summary>Reads the header of a list or set. The count never exceeds the remaining bytes.</summary>
    int ReadListHeader(out ThriftType elementType);

    /// <summary>Reads the header of a map. The count never exceeds the remaining bytes.</summary>
    int ReadMapHeader(out ThriftType keyType, out ThriftType valueType);

    /// <summary>Reads the boolean of the field whose header was just read.</summary>
    bool ReadBool();

    /// <summary>Reads an <c>i32</c> or an enum.</summary>
    int ReadI32();

    long ReadI64();

    double ReadDouble();

    /// <summary>Reads a <c>string</c> or a <c>binary</c>.</summary>
    ReadOnlySpan<byte> ReadBytes();

    /// <summary>Skips a scalar: a field's value or, with <paramref name="inList"/>, an element.</summary>
    void SkipScalar(ThriftType type, bool inList);

    /// <summary>Makes an exception for the current position.</summary>
    TraceFormatException Error(string problem);
}
