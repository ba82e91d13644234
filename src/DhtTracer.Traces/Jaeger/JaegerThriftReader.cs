using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using DhtTracer.Traces.Thrift;
using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Reads the structs of <c>jaeger.thrift</c>. Required fields must be present. This also limits how many objects a hostile input of a given
/// size can create.
/// </summary>
internal sealed class JaegerThriftReader
{
    private readonly Utf8StringCache _texts = new(4096);
    private readonly JaegerThriftTagReader _tags;
    private readonly ICollection<RejectedSpan>? _rejected;

    public JaegerThriftReader(ICollection<RejectedSpan>? rejected)
    {
        _rejected = rejected;
        _tags = new JaegerThriftTagReader(_texts);
    }

    public List<Span> ReadBatch<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        Proto.Process? process = null;
        var spans = new List<(int Offset, Proto.Span Span)>();
        var listed = false;
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.Struct):
                    process = ReadProcess(ref reader);
                    break;
                case (2, ThriftType.List):
                    listed = true;
                    for (var left = JaegerThriftTagReader.ReadStructs(ref reader); left > 0; left--)
                    {
                        var offset = reader.Position;
                        spans.Add((offset, ReadSpan(ref reader)));
                    }

                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        if (!listed)
        {
            // The list is required. Without this check, a single zero byte would be a valid batch.
            throw reader.Error("a Batch without its list of spans (field 2)");
        }

        var spanReader = new JaegerSpanReader();
        var decoded = new List<Span>(spans.Count);
        foreach (var (offset, span) in spans)
        {
            if (spanReader.Read(span, process, out var problem) is { } one)
            {
                decoded.Add(one);
            }
            else if (_rejected is not null)
            {
                _rejected.Add(new RejectedSpan(offset, problem));
            }
            else
            {
                throw reader.Error($"{problem}, in the span at byte {offset}");
            }
        }

        return decoded;
    }

    private Proto.Process ReadProcess<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        var process = new Proto.Process();
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.String):
                    process.ServiceName = _texts.GetString(reader.ReadBytes());
                    break;
                case (2, ThriftType.List):
                    _tags.Read(ref reader, process.Tags);
                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        return process;
    }

    private Proto.Span ReadSpan<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        var span = new Proto.Span();
        long? low = null,
            high = null,
            spanId = null;
        long parentId = 0;
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.I64):
                    low = reader.ReadI64();
                    break;
                case (2, ThriftType.I64):
                    high = reader.ReadI64();
                    break;
                case (3, ThriftType.I64):
                    spanId = reader.ReadI64();
                    break;
                case (4, ThriftType.I64):
                    parentId = reader.ReadI64();
                    break;
                case (5, ThriftType.String):
                    span.OperationName = _texts.GetString(reader.ReadBytes());
                    break;
                case (6, ThriftType.List):
                    for (var left = JaegerThriftTagReader.ReadStructs(ref reader); left > 0; left--)
                    {
                        span.References.Add(ReadReference(ref reader));
                    }

                    break;
                case (7, ThriftType.I32):
                    span.Flags = unchecked((uint)reader.ReadI32());
                    break;
                case (8, ThriftType.I64):
                    span.StartTime = ToTime(reader.ReadI64());
                    break;
                case (9, ThriftType.I64):
                    var micros = reader.ReadI64();
                    span.Duration = new Duration { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };
                    break;
                case (10, ThriftType.List):
                    _tags.Read(ref reader, span.Tags);
                    break;
                case (11, ThriftType.List):
                    for (var left = JaegerThriftTagReader.ReadStructs(ref reader); left > 0; left--)
                    {
                        span.Logs.Add(ReadLog(ref reader));
                    }

                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        if (low is null || high is null || spanId is null)
        {
            throw reader.Error("expected a span with traceIdLow, traceIdHigh and spanId");
        }

        span.TraceId = ToTraceId(high.Value, low.Value);
        span.SpanId = ToSpanId(spanId.Value);
        AddParent(span, parentId);
        return span;
    }

    // Some clients send only the parent's id, some only a reference, some both.
    private static void AddParent(Proto.Span span, long parentId)
    {
        var parent = new Proto.SpanRef { TraceId = span.TraceId, SpanId = ToSpanId(parentId) };
        if (parentId != 0 && !span.References.Contains(parent))
        {
            span.References.Insert(0, parent);
        }
    }

    private static Proto.SpanRef ReadReference<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        var reference = new Proto.SpanRef();
        long? spanId = null;
        long low = 0,
            high = 0;
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.I32):
                    reference.RefType = reader.ReadI32() == 1 ? Proto.SpanRefType.FollowsFrom : Proto.SpanRefType.ChildOf;
                    break;
                case (2, ThriftType.I64):
                    low = reader.ReadI64();
                    break;
                case (3, ThriftType.I64):
                    high = reader.ReadI64();
                    break;
                case (4, ThriftType.I64):
                    spanId = reader.ReadI64();
                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        reference.TraceId = ToTraceId(high, low);
        reference.SpanId = ToSpanId(spanId ?? throw reader.Error("expected a reference with a spanId"));
        return reference;
    }

    private Proto.Log ReadLog<TReader>(ref TReader reader)
        where TReader : IThriftReader, allows ref struct
    {
        var log = new Proto.Log();
        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            switch (id, type)
            {
                case (1, ThriftType.I64):
                    log.Timestamp = ToTime(reader.ReadI64());
                    break;
                case (2, ThriftType.List):
                    _tags.Read(ref reader, log.Fields);
                    break;
                default:
                    ThriftSkipping.Skip(ref reader, type);
                    break;
            }
        }

        return log.Timestamp is null ? throw reader.Error("expected a log with a timestamp") : log;
    }

    private static Timestamp ToTime(long micros) => new() { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };

    private static ByteString ToTraceId(long high, long low) =>
        ByteString.CopyFrom(new TraceId(unchecked((ulong)high), unchecked((ulong)low)).ToBytes());

    private static ByteString ToSpanId(long id) => ByteString.CopyFrom(new SpanId(unchecked((ulong)id)).ToBytes());
}
