using DhtTracer.Traces.Protobuf;
using DhtTracer.Traces.Thrift;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Reads the lists of tags in <c>jaeger.thrift</c>.</summary>
internal sealed class JaegerThriftTagReader(Utf8StringCache texts)
{
    /// <summary>Reads a list of tags.</summary>
    public void Read<TReader>(ref TReader reader, RepeatedField<Proto.KeyValue> tags)
        where TReader : IThriftReader, allows ref struct
    {
        for (var left = ReadStructs(ref reader); left > 0; left--)
        {
            tags.Add(ReadTag(ref reader));
        }
    }

    // JavaScript clients write all optional values, including empty ones. Only the value that the type names counts.
    private Proto.KeyValue ReadTag<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        string? key = null;
        var tagType = 0;
        var text = "";
        double real = 0;
        var boolean = false;
        long integer = 0;
        ReadOnlySpan<byte> binary = default;
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.String):
                    key = texts.GetString(reader.ReadBytes());
                    break;
                case (2, ThriftType.I32):
                    tagType = reader.ReadI32();
                    break;
                case (3, ThriftType.String):
                    text = texts.GetString(reader.ReadBytes());
                    break;
                case (4, ThriftType.Double):
                    real = reader.ReadDouble();
                    break;
                case (5, ThriftType.Bool):
                    boolean = reader.ReadBool();
                    break;
                case (6, ThriftType.I64):
                    integer = reader.ReadI64();
                    break;
                case (7, ThriftType.String):
                    binary = reader.ReadBytes();
                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        if (key is null)
        {
            throw reader.Error("expected a tag with a key");
        }

        return tagType switch
        {
            0 => new Proto.KeyValue { Key = key, VStr = text },
            1 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Float64,
                VFloat64 = real,
            },
            2 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Bool,
                VBool = boolean,
            },
            3 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Int64,
                VInt64 = integer,
            },
            4 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Binary,
                VBinary = ByteString.CopyFrom(binary),
            },
            _ => throw reader.Error($"expected a tag type from 0 to 4, found {tagType}"),
        };
    }

    /// <summary>Reads the header of a list of structs; returns their number.</summary>
    public static int ReadStructs<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        var count = reader.ReadListHeader(out var type);

        // Some writers give an empty list an arbitrary element type.
        return count == 0 || type == ThriftType.Struct ? count : throw reader.Error($"expected a list of structs, found a list of {type}");
    }
}
