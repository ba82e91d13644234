using System.Text.Json;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Protobuf;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Reads Jaeger's JSON v1.</summary>
internal sealed class JaegerJsonReader(ICollection<RejectedSpan>? rejected)
{
    private const string Format = "Jaeger JSON";

    private readonly Utf8StringCache texts = new(4096);
    private readonly JaegerSpanReader spanReader = new();
    private readonly List<Span> decoded = [];

    public List<Span> Read(ReadOnlySpan<byte> data)
    {
        var cursor = new JsonCursor(data, Format, texts);
        try
        {
            cursor.Read();
            if (cursor.Token == JsonTokenType.StartArray)
            {
                ReadTraces(ref cursor);
            }
            else
            {
                ReadAnswerOrTrace(ref cursor);
            }

            // Throws when anything follows.
            cursor.Read();
            return decoded;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    private void ReadTraces(ref JsonCursor cursor)
    {
        cursor.ExpectArray("data");
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a trace");
            var trace = new TraceParts();
            while (cursor.NextProperty())
            {
                ReadTraceMember(ref cursor, trace);
            }

            Finish(ref cursor, trace);
        }
    }

    // An answer has "data", a bare trace has "spans".
    private void ReadAnswerOrTrace(ref JsonCursor cursor)
    {
        cursor.ExpectObject("an answer");
        var trace = new TraceParts();
        string? errors = null;
        var hasData = false;
        while (cursor.NextProperty())
        {
            if (cursor.Is("data"u8))
            {
                hasData = true;
                if (cursor.Token == JsonTokenType.StartObject)
                {
                    ReadAnswerOrTrace(ref cursor);
                }
                else
                {
                    ReadTraces(ref cursor);
                }
            }
            else if (cursor.Is("errors"u8))
            {
                errors = cursor.SkipAndGetRawText();
            }
            else
            {
                ReadTraceMember(ref cursor, trace);
            }
        }

        if (!hasData && errors is not null and not "[]")
        {
            throw cursor.Error($"expected traces, found errors of Jaeger: {errors}");
        }

        Finish(ref cursor, trace);
    }

    private static void ReadTraceMember(ref JsonCursor cursor, TraceParts trace)
    {
        if (cursor.Is("spans"u8))
        {
            cursor.ExpectArray("spans");
            while (cursor.NextElement())
            {
                trace.Spans.Add((cursor.Offset, ReadSpan(ref cursor)));
            }
        }
        else if (cursor.Is("processes"u8))
        {
            cursor.ExpectObject("processes");
            while (cursor.NextProperty())
            {
                // The name has to be read before the value moves the cursor on.
                var id = cursor.GetName();
                trace.Processes[id] = ReadProcess(ref cursor);
            }
        }
        else
        {
            cursor.Skip();
        }
    }

    private void Finish(ref JsonCursor cursor, TraceParts trace)
    {
        foreach (var (offset, span) in trace.Spans)
        {
            var process = span.Process;
            if (process is null && span.ProcessId.Length > 0 && !trace.Processes.TryGetValue(span.ProcessId, out process))
            {
                throw cursor.ErrorAt(offset, $"expected a span of a process in \"processes\", found processID \"{span.ProcessId}\"");
            }

            if (spanReader.Read(span, process, out var problem) is { } one)
            {
                decoded.Add(one);
            }
            else if (rejected is not null)
            {
                rejected.Add(new RejectedSpan(offset, problem));
            }
            else
            {
                throw cursor.ErrorAt(offset, problem);
            }
        }
    }

    private static Proto.Span ReadSpan(ref JsonCursor cursor)
    {
        cursor.ExpectObject("a span");
        var span = new Proto.Span();
        SpanId parent = default;
        while (cursor.NextProperty())
        {
            if (cursor.Is("traceID"u8))
            {
                span.TraceId = ReadTraceId(ref cursor);
            }
            else if (cursor.Is("spanID"u8))
            {
                span.SpanId = ReadSpanId(ref cursor, "spanID");
            }
            else if (cursor.Is("parentSpanID"u8))
            {
                parent = SpanId.TryParse(cursor.GetText("parentSpanID"), out var id) ? id : default;
            }
            else if (cursor.Is("operationName"u8))
            {
                span.OperationName = cursor.GetText("operationName");
            }
            else if (cursor.Is("references"u8))
            {
                ReadReferences(ref cursor, span);
            }
            else if (cursor.Is("flags"u8))
            {
                span.Flags = cursor.GetUInt32("flags");
            }
            else if (cursor.Is("startTime"u8))
            {
                span.StartTime = ReadTime(ref cursor, "startTime");
            }
            else if (cursor.Is("duration"u8))
            {
                var micros = cursor.GetInt64("duration");
                span.Duration = new Duration { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };
            }
            else if (cursor.Is("tags"u8))
            {
                JaegerJsonTagReader.Read(ref cursor, span.Tags);
            }
            else if (cursor.Is("logs"u8))
            {
                ReadLogs(ref cursor, span);
            }
            else if (cursor.Is("processID"u8))
            {
                span.ProcessId = cursor.GetText("processID");
            }
            else if (cursor.Is("process"u8))
            {
                span.Process = ReadProcess(ref cursor);
            }
            else if (cursor.Is("warnings"u8))
            {
                cursor.ExpectArray("warnings");
                while (cursor.NextElement())
                {
                    span.Warnings.Add(cursor.GetText("a warning"));
                }
            }
            else
            {
                cursor.Skip();
            }
        }

        // Very old servers wrote the parent beside the references.
        if (!parent.IsZero && span.References.Count == 0)
        {
            span.References.Add(new Proto.SpanRef { TraceId = span.TraceId, SpanId = ByteString.CopyFrom(parent.ToBytes()) });
        }

        return span;
    }

    // An id that is not hex stays empty, and the span is refused later, with its neighbours unharmed.
    private static ByteString ReadTraceId(ref JsonCursor cursor) =>
        TraceId.TryParse(cursor.GetText("traceID"), out var id) ? ByteString.CopyFrom(id.ToBytes()) : ByteString.Empty;

    private static ByteString ReadSpanId(ref JsonCursor cursor, string what) =>
        SpanId.TryParse(cursor.GetText(what), out var id) ? ByteString.CopyFrom(id.ToBytes()) : ByteString.Empty;

    private static Timestamp ReadTime(ref JsonCursor cursor, string what)
    {
        var micros = cursor.GetInt64(what);
        return new Timestamp { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };
    }

    private static void ReadReferences(ref JsonCursor cursor, Proto.Span span)
    {
        cursor.ExpectArray("references");
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a reference");
            var reference = new Proto.SpanRef();
            while (cursor.NextProperty())
            {
                if (cursor.Is("refType"u8))
                {
                    reference.RefType = cursor.GetText("refType") == "FOLLOWS_FROM" ? Proto.SpanRefType.FollowsFrom : Proto.SpanRefType.ChildOf;
                }
                else if (cursor.Is("traceID"u8))
                {
                    reference.TraceId = ReadTraceId(ref cursor);
                }
                else if (cursor.Is("spanID"u8))
                {
                    reference.SpanId = ReadSpanId(ref cursor, "spanID");
                }
                else
                {
                    cursor.Skip();
                }
            }

            span.References.Add(reference);
        }
    }

    private static void ReadLogs(ref JsonCursor cursor, Proto.Span span)
    {
        cursor.ExpectArray("logs");
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a log");
            var log = new Proto.Log();
            while (cursor.NextProperty())
            {
                if (cursor.Is("timestamp"u8))
                {
                    log.Timestamp = ReadTime(ref cursor, "timestamp");
                }
                else if (cursor.Is("fields"u8))
                {
                    JaegerJsonTagReader.Read(ref cursor, log.Fields);
                }
                else
                {
                    cursor.Skip();
                }
            }

            span.Logs.Add(log);
        }
    }

    private static Proto.Process ReadProcess(ref JsonCursor cursor)
    {
        cursor.ExpectObject("a process");
        var process = new Proto.Process();
        while (cursor.NextProperty())
        {
            if (cursor.Is("serviceName"u8))
            {
                process.ServiceName = cursor.GetText("serviceName");
            }
            else if (cursor.Is("tags"u8))
            {
                JaegerJsonTagReader.Read(ref cursor, process.Tags);
            }
            else
            {
                cursor.Skip();
            }
        }

        return process;
    }

    /// <summary>A trace, whose processes may stand after the spans that name them.</summary>
    private sealed class TraceParts
    {
        public List<(long Offset, Proto.Span Span)> Spans { get; } = [];

        public Dictionary<string, Proto.Process> Processes { get; } = [];
    }
}
