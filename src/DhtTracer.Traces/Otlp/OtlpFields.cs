namespace DhtTracer.Traces.Otlp;

/// <summary>Tags on the wire (field number × 8 + wire type) of the messages in opentelemetry-proto.</summary>
internal static class OtlpFields
{
    private const uint Varint = 0;
    private const uint Fixed64 = 1;
    private const uint Length = 2;
    private const uint Fixed32 = 5;

    internal static class TracesData
    {
        public const uint ResourceSpans = (1 << 3) | Length;
    }

    internal static class ResourceSpans
    {
        public const uint Resource = (1 << 3) | Length;
        public const uint ScopeSpans = (2 << 3) | Length;
        public const uint SchemaUrl = (3 << 3) | Length;
    }

    internal static class ScopeSpans
    {
        public const uint Scope = (1 << 3) | Length;
        public const uint Spans = (2 << 3) | Length;
        public const uint SchemaUrl = (3 << 3) | Length;
    }

    internal static class Resource
    {
        public const uint Attributes = (1 << 3) | Length;
        public const uint DroppedAttributesCount = (2 << 3) | Varint;
    }

    internal static class Scope
    {
        public const uint Name = (1 << 3) | Length;
        public const uint Version = (2 << 3) | Length;
        public const uint Attributes = (3 << 3) | Length;
        public const uint DroppedAttributesCount = (4 << 3) | Varint;
    }

    internal static class Span
    {
        public const uint TraceId = (1 << 3) | Length;
        public const uint SpanId = (2 << 3) | Length;
        public const uint TraceState = (3 << 3) | Length;
        public const uint ParentSpanId = (4 << 3) | Length;
        public const uint Name = (5 << 3) | Length;
        public const uint Kind = (6 << 3) | Varint;
        public const uint StartTimeUnixNano = (7 << 3) | Fixed64;
        public const uint EndTimeUnixNano = (8 << 3) | Fixed64;
        public const uint Attributes = (9 << 3) | Length;
        public const uint DroppedAttributesCount = (10 << 3) | Varint;
        public const uint Events = (11 << 3) | Length;
        public const uint DroppedEventsCount = (12 << 3) | Varint;
        public const uint Links = (13 << 3) | Length;
        public const uint DroppedLinksCount = (14 << 3) | Varint;
        public const uint Status = (15 << 3) | Length;
        public const uint Flags = (16 << 3) | Fixed32;
    }

    internal static class Event
    {
        public const uint TimeUnixNano = (1 << 3) | Fixed64;
        public const uint Name = (2 << 3) | Length;
        public const uint Attributes = (3 << 3) | Length;
        public const uint DroppedAttributesCount = (4 << 3) | Varint;
    }

    internal static class Link
    {
        public const uint TraceId = (1 << 3) | Length;
        public const uint SpanId = (2 << 3) | Length;
        public const uint TraceState = (3 << 3) | Length;
        public const uint Attributes = (4 << 3) | Length;
        public const uint DroppedAttributesCount = (5 << 3) | Varint;
        public const uint Flags = (6 << 3) | Fixed32;
    }

    internal static class Status
    {
        public const uint Message = (2 << 3) | Length;
        public const uint Code = (3 << 3) | Varint;
    }

    internal static class KeyValue
    {
        public const uint Key = (1 << 3) | Length;
        public const uint Value = (2 << 3) | Length;
    }

    internal static class AnyValue
    {
        public const uint String = (1 << 3) | Length;
        public const uint Bool = (2 << 3) | Varint;
        public const uint Int = (3 << 3) | Varint;
        public const uint Double = (4 << 3) | Fixed64;
        public const uint Array = (5 << 3) | Length;
        public const uint KeyValueList = (6 << 3) | Length;
        public const uint Bytes = (7 << 3) | Length;

        /// <summary>Field <c>values</c> of <c>ArrayValue</c> and of <c>KeyValueList</c>.</summary>
        public const uint Values = (1 << 3) | Length;

        /// <summary>Maximum nesting of arrays and key-value lists. Real senders nest two or three levels.</summary>
        public const int DeepestNesting = 32;
    }
}
