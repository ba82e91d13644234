using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>Writes OTLP JSON. Fields with proto3's default value are omitted.</summary>
internal static class OtlpJsonWriter
{
    /// <summary>Writes <c>{"resourceSpans":[...]}</c>.</summary>
    public static void WriteDocument(Utf8JsonWriter writer, IEnumerable<Span> spans)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("resourceSpans"u8);
        WriteResourceSpans(writer, spans);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes the elements of <c>resourceSpans</c>.</summary>
    public static void WriteResourceSpans(Utf8JsonWriter writer, IEnumerable<Span> spans)
    {
        foreach (var group in SpanGrouping.ByResourceAndScope(spans))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("resource"u8);
            WriteAttributes(writer, "attributes"u8, group.Resource.Attributes);
            WriteCount(writer, "droppedAttributesCount"u8, group.Resource.DroppedAttributesCount);
            writer.WriteEndObject();
            writer.WriteStartArray("scopeSpans"u8);
            foreach (var scope in group.Scopes)
            {
                WriteScopeSpans(writer, scope);
            }

            writer.WriteEndArray();
            WriteText(writer, "schemaUrl"u8, group.Resource.SchemaUrl);
            writer.WriteEndObject();
        }
    }

    private static void WriteScopeSpans(Utf8JsonWriter writer, ScopeGroup group)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("scope"u8);
        WriteText(writer, "name"u8, group.Scope.Name);
        WriteText(writer, "version"u8, group.Scope.Version);
        WriteAttributes(writer, "attributes"u8, group.Scope.Attributes);
        WriteCount(writer, "droppedAttributesCount"u8, group.Scope.DroppedAttributesCount);
        writer.WriteEndObject();
        writer.WriteStartArray("spans"u8);
        foreach (var span in group.Spans)
        {
            WriteSpan(writer, span);
        }

        writer.WriteEndArray();
        WriteText(writer, "schemaUrl"u8, group.Scope.SchemaUrl);
        writer.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter writer, Span span)
    {
        writer.WriteStartObject();
        writer.WriteString("traceId"u8, span.TraceId.ToString());
        writer.WriteString("spanId"u8, span.SpanId.ToString());
        WriteText(writer, "traceState"u8, span.TraceState);
        if (!span.ParentSpanId.IsZero)
        {
            writer.WriteString("parentSpanId"u8, span.ParentSpanId.ToString());
        }

        WriteCount(writer, "flags"u8, span.Flags);
        WriteText(writer, "name"u8, span.Name);
        if (span.Kind != SpanKind.Unspecified)
        {
            writer.WriteNumber("kind"u8, (int)span.Kind);
        }

        WriteTime(writer, "startTimeUnixNano"u8, span.StartUnixNano);
        WriteTime(writer, "endTimeUnixNano"u8, span.EndUnixNano);
        WriteAttributes(writer, "attributes"u8, span.Attributes);
        WriteCount(writer, "droppedAttributesCount"u8, span.DroppedAttributesCount);
        WriteEvents(writer, span);
        WriteCount(writer, "droppedEventsCount"u8, span.DroppedEventsCount);
        WriteLinks(writer, span);
        WriteCount(writer, "droppedLinksCount"u8, span.DroppedLinksCount);
        if (span.Status is { } status)
        {
            writer.WriteStartObject("status"u8);
            WriteText(writer, "message"u8, status.Message);
            if (status.Code != StatusCode.Unset)
            {
                writer.WriteNumber("code"u8, (int)status.Code);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteEvents(Utf8JsonWriter writer, Span span)
    {
        if (span.Events.Length == 0)
        {
            return;
        }

        writer.WriteStartArray("events"u8);
        foreach (var item in span.Events)
        {
            writer.WriteStartObject();
            WriteTime(writer, "timeUnixNano"u8, item.TimeUnixNano);
            WriteText(writer, "name"u8, item.Name);
            WriteAttributes(writer, "attributes"u8, item.Attributes);
            WriteCount(writer, "droppedAttributesCount"u8, item.DroppedAttributesCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLinks(Utf8JsonWriter writer, Span span)
    {
        if (span.Links.Length == 0)
        {
            return;
        }

        writer.WriteStartArray("links"u8);
        foreach (var link in span.Links)
        {
            writer.WriteStartObject();
            if (!link.TraceId.IsZero)
            {
                writer.WriteString("traceId"u8, link.TraceId.ToString());
            }

            if (!link.SpanId.IsZero)
            {
                writer.WriteString("spanId"u8, link.SpanId.ToString());
            }

            WriteText(writer, "traceState"u8, link.TraceState);
            WriteAttributes(writer, "attributes"u8, link.Attributes);
            WriteCount(writer, "droppedAttributesCount"u8, link.DroppedAttributesCount);
            WriteCount(writer, "flags"u8, link.Flags);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter writer, ReadOnlySpan<byte> name, AttributeList attributes)
    {
        if (attributes.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var (key, value) in attributes.AsSpan())
        {
            writer.WriteStartObject();
            writer.WriteString("key"u8, key);
            writer.WritePropertyName("value"u8);
            WriteValue(writer, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Writes an <c>AnyValue</c>.</summary>
    public static void WriteValue(Utf8JsonWriter writer, AttributeValue value)
    {
        writer.WriteStartObject();
        switch (value)
        {
            case StringValue text:
                writer.WriteString("stringValue"u8, text.Value);
                break;
            case BoolValue boolean:
                writer.WriteBoolean("boolValue"u8, boolean.Value);
                break;
            case IntValue integer:
                writer.WriteString("intValue"u8, integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case DoubleValue real when double.IsFinite(real.Value):
                writer.WriteNumber("doubleValue"u8, real.Value);
                break;
            case DoubleValue real:
                writer.WriteString(
                    "doubleValue"u8,
                    double.IsNaN(real.Value) ? "NaN"
                        : real.Value > 0 ? "Infinity"
                        : "-Infinity"
                );
                break;
            case BytesValue bytes:
                writer.WriteBase64String("bytesValue"u8, bytes.Value.AsSpan());
                break;
            case ArrayValue array:
                writer.WriteStartObject("arrayValue"u8);
                writer.WriteStartArray("values"u8);
                foreach (var element in array.Values)
                {
                    WriteValue(writer, element);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
                break;
            case KeyValueListValue list:
                writer.WriteStartObject("kvlistValue"u8);
                WriteAttributes(writer, "values"u8, list.Values);
                writer.WriteEndObject();
                break;
            default:
                break;
        }

        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 0)
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteCount(Utf8JsonWriter writer, ReadOnlySpan<byte> name, uint value)
    {
        if (value != 0)
        {
            writer.WriteNumber(name, value);
        }
    }

    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ulong value)
    {
        if (value != 0)
        {
            writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }
}
