using System.Collections.Immutable;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads the events and links of a span of OTLP JSON.</summary>
internal static class OtlpJsonPartsReader
{
    public static ImmutableArray<SpanEvent> ReadEvents(ref JsonCursor cursor)
    {
        cursor.ExpectArray("events");
        var events = ImmutableArray.CreateBuilder<SpanEvent>();
        while (cursor.NextElement())
        {
            cursor.ExpectObject("an event");
            ulong time = 0;
            var name = "";
            var attributes = AttributeList.Empty;
            uint dropped = 0;
            while (cursor.NextProperty())
            {
                if (cursor.Is("timeUnixNano"u8, "time_unix_nano"u8))
                {
                    time = cursor.GetUInt64("timeUnixNano");
                }
                else if (cursor.Is("name"u8))
                {
                    name = cursor.GetText("name");
                }
                else if (cursor.Is("attributes"u8))
                {
                    attributes = OtlpJsonValueReader.ReadAttributes(ref cursor, 0);
                }
                else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
                {
                    dropped = cursor.GetUInt32("droppedAttributesCount");
                }
                else
                {
                    cursor.Skip();
                }
            }

            events.Add(
                new SpanEvent
                {
                    TimeUnixNano = time,
                    Name = name,
                    Attributes = attributes,
                    DroppedAttributesCount = dropped,
                }
            );
        }

        return events.DrainToImmutable();
    }

    public static ImmutableArray<SpanLink> ReadLinks(ref JsonCursor cursor)
    {
        cursor.ExpectArray("links");
        var links = ImmutableArray.CreateBuilder<SpanLink>();
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a link");
            TraceId traceId = default;
            SpanId spanId = default;
            var traceState = "";
            var attributes = AttributeList.Empty;
            uint dropped = 0,
                flags = 0;
            while (cursor.NextProperty())
            {
                if (cursor.Is("traceId"u8, "trace_id"u8))
                {
                    var text = cursor.GetText("traceId");
                    traceId = text.Length == 32 && TraceId.TryParse(text, out var id) ? id : default;
                }
                else if (cursor.Is("spanId"u8, "span_id"u8))
                {
                    var text = cursor.GetText("spanId");
                    spanId = text.Length == 16 && SpanId.TryParse(text, out var id) ? id : default;
                }
                else if (cursor.Is("traceState"u8, "trace_state"u8))
                {
                    traceState = cursor.GetText("traceState");
                }
                else if (cursor.Is("attributes"u8))
                {
                    attributes = OtlpJsonValueReader.ReadAttributes(ref cursor, 0);
                }
                else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
                {
                    dropped = cursor.GetUInt32("droppedAttributesCount");
                }
                else if (cursor.Is("flags"u8))
                {
                    flags = cursor.GetUInt32("flags");
                }
                else
                {
                    cursor.Skip();
                }
            }

            links.Add(
                new SpanLink
                {
                    TraceId = traceId,
                    SpanId = spanId,
                    TraceState = traceState,
                    Attributes = attributes,
                    DroppedAttributesCount = dropped,
                    Flags = flags,
                }
            );
        }

        return links.DrainToImmutable();
    }
}
