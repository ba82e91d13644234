using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Thrift;
using Thrift.Protocol;
using Thrift.Protocol.Entities;
using Thrift.Transport.Client;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.TestSupport.Jaeger;

/// <summary>
/// Writes spans as a Jaeger client does, with Apache Thrift's own protocols, after <c>jaeger.thrift</c> and <c>agent.thrift</c> of
/// jaeger-idl. What our reader is tested with therefore does not come from code of ours that could share its mistakes.
/// </summary>
public static class ThriftSender
{
    /// <summary>One <c>Batch</c> per resource, as posted to <c>/api/traces</c>.</summary>
    public static Task<byte[][]> BatchesAsync(IEnumerable<Span> spans, ThriftProtocol protocol) =>
        WriteAsync(spans, protocol, static (output, batch) => WriteBatchAsync(output, batch));

    /// <summary>One call of <c>Agent.emitBatch</c> per resource, as sent in a datagram.</summary>
    public static Task<byte[][]> EmitBatchCallsAsync(IEnumerable<Span> spans, ThriftProtocol protocol) =>
        WriteAsync(
            spans,
            protocol,
            static async (output, batch) =>
            {
                await output.WriteMessageBeginAsync(new TMessage("emitBatch", TMessageType.Oneway, 0));
                await output.WriteStructBeginAsync(new TStruct("emitBatch_args"));
                await output.WriteFieldBeginAsync(new TField("batch", TType.Struct, 1));
                await WriteBatchAsync(output, batch);
                await output.WriteFieldEndAsync();
                await EndStructAsync(output);
                await output.WriteMessageEndAsync();
            }
        );

    private static async Task<byte[][]> WriteAsync(
        IEnumerable<Span> spans,
        ThriftProtocol protocol,
        Func<TProtocol, Proto.Batch, Task> write
    )
    {
        var messages = new List<byte[]>();
        foreach (var batch in JaegerModel.EncodeBatches(spans))
        {
            using var buffer = new TMemoryBufferTransport(new TConfiguration());
            using TProtocol output = protocol == ThriftProtocol.Compact ? new TCompactProtocol(buffer) : new TBinaryProtocol(buffer);
            await write(output, batch);
            await buffer.FlushAsync(CancellationToken.None);
            messages.Add(buffer.GetBuffer());
        }

        return [.. messages];
    }

    private static async Task WriteBatchAsync(TProtocol output, Proto.Batch batch)
    {
        await output.WriteStructBeginAsync(new TStruct("Batch"));
        await output.WriteFieldBeginAsync(new TField("process", TType.Struct, 1));
        await output.WriteStructBeginAsync(new TStruct("Process"));
        await WriteTextAsync(output, "serviceName", 1, batch.Process.ServiceName);
        await WriteTagsAsync(output, "tags", 2, batch.Process.Tags);
        await EndStructAsync(output);
        await output.WriteFieldEndAsync();
        await WriteListAsync(output, "spans", 2, batch.Spans, WriteSpanAsync);
        await EndStructAsync(output);
    }

    private static async Task WriteSpanAsync(TProtocol output, Proto.Span span)
    {
        var traceId = TraceId.FromBytes(span.TraceId.Span);
        var parent = span.References.FirstOrDefault(one => one.RefType == Proto.SpanRefType.ChildOf && one.TraceId == span.TraceId);
        await output.WriteStructBeginAsync(new TStruct("Span"));
        await WriteLongAsync(output, "traceIdLow", 1, unchecked((long)traceId.Low));
        await WriteLongAsync(output, "traceIdHigh", 2, unchecked((long)traceId.High));
        await WriteLongAsync(output, "spanId", 3, ToLong(span.SpanId));
        await WriteLongAsync(output, "parentSpanId", 4, parent is null ? 0 : ToLong(parent.SpanId));
        await WriteTextAsync(output, "operationName", 5, span.OperationName);
        await WriteListAsync(output, "references", 6, span.References, WriteReferenceAsync);
        await WriteIntAsync(output, "flags", 7, unchecked((int)span.Flags));
        await WriteLongAsync(output, "startTime", 8, ToMicroseconds(span.StartTime));
        await WriteLongAsync(output, "duration", 9, (span.Duration.Seconds * 1_000_000) + (span.Duration.Nanos / 1000));
        await WriteTagsAsync(output, "tags", 10, span.Tags);
        await WriteListAsync(output, "logs", 11, span.Logs, WriteLogAsync);
        await EndStructAsync(output);
    }

    private static async Task WriteReferenceAsync(TProtocol output, Proto.SpanRef reference)
    {
        var traceId = TraceId.FromBytes(reference.TraceId.Span);
        await output.WriteStructBeginAsync(new TStruct("SpanRef"));
        await WriteIntAsync(output, "refType", 1, (int)reference.RefType);
        await WriteLongAsync(output, "traceIdLow", 2, unchecked((long)traceId.Low));
        await WriteLongAsync(output, "traceIdHigh", 3, unchecked((long)traceId.High));
        await WriteLongAsync(output, "spanId", 4, ToLong(reference.SpanId));
        await EndStructAsync(output);
    }

    private static async Task WriteLogAsync(TProtocol output, Proto.Log log)
    {
        await output.WriteStructBeginAsync(new TStruct("Log"));
        await WriteLongAsync(output, "timestamp", 1, ToMicroseconds(log.Timestamp));
        await WriteTagsAsync(output, "fields", 2, log.Fields);
        await EndStructAsync(output);
    }

    private static Task WriteTagsAsync(TProtocol output, string name, short id, RepeatedField<Proto.KeyValue> tags) =>
        WriteListAsync(output, name, id, tags, WriteTagAsync);

    // The numbers of TagType in jaeger.thrift, which are not those of api_v2's ValueType.
    private static async Task WriteTagAsync(TProtocol output, Proto.KeyValue tag)
    {
        await output.WriteStructBeginAsync(new TStruct("Tag"));
        await WriteTextAsync(output, "key", 1, tag.Key);
        switch (tag.VType)
        {
            case Proto.ValueType.Float64:
                await WriteIntAsync(output, "vType", 2, 1);
                await output.WriteFieldBeginAsync(new TField("vDouble", TType.Double, 4));
                await output.WriteDoubleAsync(tag.VFloat64);
                await output.WriteFieldEndAsync();
                break;
            case Proto.ValueType.Bool:
                await WriteIntAsync(output, "vType", 2, 2);
                await output.WriteFieldBeginAsync(new TField("vBool", TType.Bool, 5));
                await output.WriteBoolAsync(tag.VBool);
                await output.WriteFieldEndAsync();
                break;
            case Proto.ValueType.Int64:
                await WriteIntAsync(output, "vType", 2, 3);
                await WriteLongAsync(output, "vLong", 6, tag.VInt64);
                break;
            case Proto.ValueType.Binary:
                await WriteIntAsync(output, "vType", 2, 4);
                await output.WriteFieldBeginAsync(new TField("vBinary", TType.String, 7));
                await output.WriteBinaryAsync(tag.VBinary.ToByteArray());
                await output.WriteFieldEndAsync();
                break;
            default:
                await WriteIntAsync(output, "vType", 2, 0);
                await WriteTextAsync(output, "vStr", 3, tag.VStr);
                break;
        }

        await EndStructAsync(output);
    }

    private static async Task WriteListAsync<T>(
        TProtocol output,
        string name,
        short id,
        RepeatedField<T> elements,
        Func<TProtocol, T, Task> write
    )
    {
        await output.WriteFieldBeginAsync(new TField(name, TType.List, id));
        await output.WriteListBeginAsync(new TList(TType.Struct, elements.Count));
        foreach (var element in elements)
        {
            await write(output, element);
        }

        await output.WriteListEndAsync();
        await output.WriteFieldEndAsync();
    }

    private static async Task WriteTextAsync(TProtocol output, string name, short id, string value)
    {
        await output.WriteFieldBeginAsync(new TField(name, TType.String, id));
        await output.WriteStringAsync(value);
        await output.WriteFieldEndAsync();
    }

    private static async Task WriteIntAsync(TProtocol output, string name, short id, int value)
    {
        await output.WriteFieldBeginAsync(new TField(name, TType.I32, id));
        await output.WriteI32Async(value);
        await output.WriteFieldEndAsync();
    }

    private static async Task WriteLongAsync(TProtocol output, string name, short id, long value)
    {
        await output.WriteFieldBeginAsync(new TField(name, TType.I64, id));
        await output.WriteI64Async(value);
        await output.WriteFieldEndAsync();
    }

    private static async Task EndStructAsync(TProtocol output)
    {
        await output.WriteFieldStopAsync();
        await output.WriteStructEndAsync();
    }

    private static long ToMicroseconds(Timestamp time) => (time.Seconds * 1_000_000) + (time.Nanos / 1000);

    private static long ToLong(ByteString id) => unchecked((long)SpanId.FromBytes(id.Span).Value);
}
