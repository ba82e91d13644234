using System.Collections.Immutable;
using System.Text.Json;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads one span of OTLP JSON.</summary>
internal static class OtlpJsonSpanReader
{
    private static readonly string[] KindNames =
    [
        "SPAN_KIND_UNSPECIFIED",
        "SPAN_KIND_INTERNAL",
        "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ];

    private static readonly string[] StatusNames = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

    /// <summary>Returns the span, or null and the problem if its ids are invalid.</summary>
    public static Span? Read(ref JsonCursor cursor, Resource resource, InstrumentationScope scope, out string problem)
    {
        cursor.ExpectObject("a span");
        TraceId traceId = default;
        SpanId spanId = default,
            parent = default;
        string name = "",
            traceState = "";
        ulong start = 0,
            end = 0;
        uint flags = 0,
            droppedAttributes = 0,
            droppedEvents = 0,
            droppedLinks = 0;
        var kind = SpanKind.Unspecified;
        var attributes = AttributeList.Empty;
        ImmutableArray<SpanEvent> events = [];
        ImmutableArray<SpanLink> links = [];
        SpanStatus? status = null;
        problem = "";
        while (cursor.NextProperty())
        {
            if (cursor.Is("traceId"u8, "trace_id"u8))
            {
                traceId = ReadTraceId(ref cursor, ref problem);
            }
            else if (cursor.Is("spanId"u8, "span_id"u8))
            {
                spanId = ReadSpanId(ref cursor, "spanId", ref problem);
            }
            else if (cursor.Is("parentSpanId"u8, "parent_span_id"u8))
            {
                parent = ReadSpanId(ref cursor, "parentSpanId", ref problem);
            }
            else if (cursor.Is("name"u8))
            {
                name = cursor.GetText("name");
            }
            else if (cursor.Is("kind"u8))
            {
                kind = (SpanKind)ReadEnum(ref cursor, "kind", KindNames);
            }
            else if (cursor.Is("startTimeUnixNano"u8, "start_time_unix_nano"u8))
            {
                start = cursor.GetUInt64("startTimeUnixNano");
            }
            else if (cursor.Is("endTimeUnixNano"u8, "end_time_unix_nano"u8))
            {
                end = cursor.GetUInt64("endTimeUnixNano");
            }
            else if (cursor.Is("attributes"u8))
            {
                attributes = OtlpJsonValueReader.ReadAttributes(ref cursor, 0);
            }
            else if (cursor.Is("events"u8))
            {
                events = OtlpJsonPartsReader.ReadEvents(ref cursor);
            }
            else if (cursor.Is("links"u8))
            {
                links = OtlpJsonPartsReader.ReadLinks(ref cursor);
            }
            else if (cursor.Is("status"u8))
            {
                status = ReadStatus(ref cursor);
            }
            else if (cursor.Is("traceState"u8, "trace_state"u8))
            {
                traceState = cursor.GetText("traceState");
            }
            else if (cursor.Is("flags"u8))
            {
                flags = cursor.GetUInt32("flags");
            }
            else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
            {
                droppedAttributes = cursor.GetUInt32("droppedAttributesCount");
            }
            else if (cursor.Is("droppedEventsCount"u8, "dropped_events_count"u8))
            {
                droppedEvents = cursor.GetUInt32("droppedEventsCount");
            }
            else if (cursor.Is("droppedLinksCount"u8, "dropped_links_count"u8))
            {
                droppedLinks = cursor.GetUInt32("droppedLinksCount");
            }
            else
            {
                cursor.Skip();
            }
        }

        if (problem.Length == 0 && (traceId.IsZero || spanId.IsZero))
        {
            problem = $"expected a span with a {(traceId.IsZero ? "traceId" : "spanId")} that is not all zero";
        }

        return problem.Length > 0
            ? null
            : new Span
            {
                TraceId = traceId,
                SpanId = spanId,
                ParentSpanId = parent,
                Name = name,
                Kind = kind,
                StartUnixNano = start,
                EndUnixNano = end,
                Attributes = attributes,
                Events = events,
                Links = links,
                Status = status,
                TraceState = traceState,
                Flags = flags,
                DroppedAttributesCount = droppedAttributes,
                DroppedEventsCount = droppedEvents,
                DroppedLinksCount = droppedLinks,
                Resource = resource,
                Scope = scope,
            };
    }

    private static TraceId ReadTraceId(ref JsonCursor cursor, ref string problem)
    {
        var text = cursor.GetText("traceId");
        if (text.Length == 0)
        {
            return default;
        }

        if (text.Length != 32 || !TraceId.TryParse(text, out var id))
        {
            problem = $"expected a traceId of 32 hex digits, found \"{Shortened(text)}\"";
            return default;
        }

        return id;
    }

    private static SpanId ReadSpanId(ref JsonCursor cursor, string what, ref string problem)
    {
        var text = cursor.GetText(what);
        if (text.Length == 0)
        {
            return default;
        }

        if (text.Length != 16 || !SpanId.TryParse(text, out var id))
        {
            problem = $"expected a {what} of 16 hex digits, found \"{Shortened(text)}\"";
            return default;
        }

        return id;
    }

    private static int ReadEnum(ref JsonCursor cursor, string what, string[] names)
    {
        if (cursor.Token == JsonTokenType.String && Array.IndexOf(names, cursor.GetText(what)) is var known and >= 0)
        {
            return known;
        }

        return cursor.GetInt64(what) is var number and >= int.MinValue and <= int.MaxValue
            ? (int)number
            : throw cursor.Unexpected(what, "a number of 32 bits");
    }

    private static SpanStatus ReadStatus(ref JsonCursor cursor)
    {
        cursor.ExpectObject("status");
        var code = StatusCode.Unset;
        var message = "";
        while (cursor.NextProperty())
        {
            if (cursor.Is("code"u8))
            {
                code = (StatusCode)ReadEnum(ref cursor, "code", StatusNames);
            }
            else if (cursor.Is("message"u8))
            {
                message = cursor.GetText("message");
            }
            else
            {
                cursor.Skip();
            }
        }

        return new SpanStatus(code, message);
    }

    private static string Shortened(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
