using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;
using Google.Protobuf.Collections;
using Proto = DhtTracer.Traces.Jaeger.Proto;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Writes the structs of <c>jaeger.thrift</c>.</summary>
internal static class JaegerThriftWriter
{
    /// <summary>Writes a bare batch.</summary>
    public static byte[] WriteBatch(Proto.Batch batch, ThriftProtocol protocol)
    {
        var writer = ThriftWriter.Create(protocol);
        WriteBatch(writer, batch);
        return writer.ToArray();
    }

    /// <summary>Writes a call whose argument 1 is a batch.</summary>
    public static byte[] WriteMessage(string method, Proto.Batch batch, ThriftProtocol protocol)
    {
        var writer = ThriftWriter.Create(protocol);
        writer.WriteOnewayHeader(method);
        writer.BeginStruct();
        writer.WriteField(1, ThriftType.Struct);
        WriteBatch(writer, batch);
        writer.EndStruct();
        return writer.ToArray();
    }

    private static void WriteBatch(ThriftWriter writer, Proto.Batch batch)
    {
        writer.BeginStruct();
        writer.WriteField(1, ThriftType.Struct);
        writer.BeginStruct();
        writer.WriteField(1, ThriftType.String);
        writer.WriteString(batch.Process.ServiceName);
        WriteTags(writer, 2, batch.Process.Tags);
        writer.EndStruct();
        writer.WriteField(2, ThriftType.List);
        writer.WriteListHeader(ThriftType.Struct, batch.Spans.Count);
        foreach (var span in batch.Spans)
        {
            WriteSpan(writer, span);
        }

        writer.EndStruct();
    }

    private static void WriteSpan(ThriftWriter writer, Proto.Span span)
    {
        var traceId = TraceId.FromBytes(span.TraceId.Span);
        var parent = span.References.FirstOrDefault(reference =>
            reference.RefType == Proto.SpanRefType.ChildOf && reference.TraceId == span.TraceId
        );
        writer.BeginStruct();
        WriteI64(writer, 1, unchecked((long)traceId.Low));
        WriteI64(writer, 2, unchecked((long)traceId.High));
        WriteI64(writer, 3, ToI64(span.SpanId));
        WriteI64(writer, 4, parent is null ? 0 : ToI64(parent.SpanId));
        writer.WriteField(5, ThriftType.String);
        writer.WriteString(span.OperationName);
        writer.WriteField(6, ThriftType.List);
        writer.WriteListHeader(ThriftType.Struct, span.References.Count);
        foreach (var reference in span.References)
        {
            var otherTrace = TraceId.FromBytes(reference.TraceId.Span);
            writer.BeginStruct();
            WriteI32(writer, 1, (int)reference.RefType);
            WriteI64(writer, 2, unchecked((long)otherTrace.Low));
            WriteI64(writer, 3, unchecked((long)otherTrace.High));
            WriteI64(writer, 4, ToI64(reference.SpanId));
            writer.EndStruct();
        }

        WriteI32(writer, 7, unchecked((int)span.Flags));
        WriteI64(writer, 8, Micros(span.StartTime));
        WriteI64(writer, 9, (span.Duration.Seconds * 1_000_000) + (span.Duration.Nanos / 1000));
        WriteTags(writer, 10, span.Tags);
        writer.WriteField(11, ThriftType.List);
        writer.WriteListHeader(ThriftType.Struct, span.Logs.Count);
        foreach (var log in span.Logs)
        {
            writer.BeginStruct();
            WriteI64(writer, 1, Micros(log.Timestamp));
            WriteTags(writer, 2, log.Fields);
            writer.EndStruct();
        }

        writer.EndStruct();
    }

    private static void WriteTags(ThriftWriter writer, short id, RepeatedField<Proto.KeyValue> tags)
    {
        writer.WriteField(id, ThriftType.List);
        writer.WriteListHeader(ThriftType.Struct, tags.Count);
        foreach (var tag in tags)
        {
            writer.BeginStruct();
            writer.WriteField(1, ThriftType.String);
            writer.WriteString(tag.Key);
            switch (tag.VType)
            {
                case Proto.ValueType.Float64:
                    WriteI32(writer, 2, 1);
                    writer.WriteField(4, ThriftType.Double);
                    writer.WriteDouble(tag.VFloat64);
                    break;
                case Proto.ValueType.Bool:
                    WriteI32(writer, 2, 2);
                    writer.WriteBoolField(5, tag.VBool);
                    break;
                case Proto.ValueType.Int64:
                    WriteI32(writer, 2, 3);
                    WriteI64(writer, 6, tag.VInt64);
                    break;
                case Proto.ValueType.Binary:
                    WriteI32(writer, 2, 4);
                    writer.WriteField(7, ThriftType.String);
                    writer.WriteBytes(tag.VBinary.Span);
                    break;
                default:
                    WriteI32(writer, 2, 0);
                    writer.WriteField(3, ThriftType.String);
                    writer.WriteString(tag.VStr);
                    break;
            }

            writer.EndStruct();
        }
    }

    private static void WriteI32(ThriftWriter writer, short id, int value)
    {
        writer.WriteField(id, ThriftType.I32);
        writer.WriteI32(value);
    }

    private static void WriteI64(ThriftWriter writer, short id, long value)
    {
        writer.WriteField(id, ThriftType.I64);
        writer.WriteI64(value);
    }

    private static long Micros(Timestamp time) => (time.Seconds * 1_000_000) + (time.Nanos / 1000);

    private static long ToI64(Google.Protobuf.ByteString id) => unchecked((long)SpanId.FromBytes(id.Span).Value);
}
