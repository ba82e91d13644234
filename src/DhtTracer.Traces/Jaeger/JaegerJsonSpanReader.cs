using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Reads one span of Jaeger's JSON v1 into Jaeger's model.</summary>
internal static class JaegerJsonSpanReader
{
    /// <summary>Reads a span, which names its process by id.</summary>
    /// <param name="cursor">Positioned at the span.</param>
    /// <param name="neverEnded">Whether the file says that the span never ended. Jaeger's model cannot express this.</param>
    public static Proto.Span ReadSpan(ref JsonCursor cursor, out bool neverEnded)
    {
        cursor.ExpectObject("a span");
        var span = new Proto.Span();
        SpanId parent = default;
        var exact = default(ExactTimes);
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
            else if (!exact.TryRead(ref cursor))
            {
                cursor.Skip();
            }
        }

        neverEnded = exact.Apply(span);

        // Very old servers wrote the parent id in its own member, without references.
        if (!parent.IsZero && span.References.Count == 0)
        {
            span.References.Add(new Proto.SpanRef { TraceId = span.TraceId, SpanId = ByteString.CopyFrom(parent.ToBytes()) });
        }

        return span;
    }

    // An id that is not hex stays empty. The span is rejected later; other spans are not affected.
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
                    reference.RefType =
                        cursor.GetText("refType") == "FOLLOWS_FROM" ? Proto.SpanRefType.FollowsFrom : Proto.SpanRefType.ChildOf;
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
            ulong? exact = null;
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
                else if (cursor.Is("timeUnixNano"u8))
                {
                    exact = ExactTimes.Read(ref cursor, "timeUnixNano");
                }
                else
                {
                    cursor.Skip();
                }
            }

            if (exact is { } time && log.Timestamp is { } rounded && ExactTimes.Agrees(rounded, time))
            {
                log.Timestamp = ExactTimes.Time(time);
            }

            span.Logs.Add(log);
        }
    }

    /// <summary>A process: <c>{"serviceName":"kubo","tags":[]}</c>.</summary>
    public static Proto.Process ReadProcess(ref JsonCursor cursor)
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
}
