using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads one span of OTLP's wire format, with its events, links and status.</summary>
internal sealed class OtlpProtobufSpanReader(OtlpValueReader values)
{
    private static readonly SpanStatus UnsetStatus = new(StatusCode.Unset);
    private static readonly SpanStatus OkStatus = new(StatusCode.Ok);
    private static readonly SpanStatus ErrorStatus = new(StatusCode.Error);

    private readonly SpanEvent _emptyEvent = new();
    private List<SpanEvent> _events = [];
    private List<SpanLink> _links = [];

    /// <summary>Releases scratch lists that an unusually large input made grow.</summary>
    public void Reset()
    {
        _events = OtlpValueReader.Emptied(_events);
        _links = OtlpValueReader.Emptied(_links);
    }

    // The problem text of an empty span is a constant, because a hostile message can hold millions of empty spans.
    public Span? Read(ProtobufReader message, Resource resource, InstrumentationScope scope, out string problem)
    {
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
        SpanStatus? status = null;
        var mark = values.Mark;
        _events.Clear();
        _links.Clear();
        problem = "";
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Span.TraceId:
                    traceId = ReadTraceId(ref message, "a trace id", ref problem);
                    break;
                case Fields.Span.SpanId:
                    spanId = ReadSpanId(ref message, "a span id", ref problem);
                    break;
                case Fields.Span.ParentSpanId:
                    parent = ReadSpanId(ref message, "a parent span id", ref problem);
                    break;
                case Fields.Span.TraceState:
                    traceState = values.ReadText(ref message);
                    break;
                case Fields.Span.Name:
                    name = values.ReadText(ref message);
                    break;
                case Fields.Span.Kind:
                    kind = (SpanKind)unchecked((int)message.ReadVarint());
                    break;
                case Fields.Span.StartTimeUnixNano:
                    start = message.ReadFixed64();
                    break;
                case Fields.Span.EndTimeUnixNano:
                    end = message.ReadFixed64();
                    break;
                case Fields.Span.Attributes:
                    values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Span.DroppedAttributesCount:
                    droppedAttributes = message.ReadUInt32();
                    break;
                case Fields.Span.Events:
                    _events.Add(ReadEvent(message.ReadMessage()));
                    break;
                case Fields.Span.DroppedEventsCount:
                    droppedEvents = message.ReadUInt32();
                    break;
                case Fields.Span.Links:
                    _links.Add(ReadLink(message.ReadMessage()));
                    break;
                case Fields.Span.DroppedLinksCount:
                    droppedLinks = message.ReadUInt32();
                    break;
                case Fields.Span.Status:
                    status = ReadStatus(message.ReadMessage());
                    break;
                case Fields.Span.Flags:
                    flags = message.ReadFixed32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        var attributes = values.Pop(mark);
        if (problem.Length == 0 && (traceId.IsZero || spanId.IsZero))
        {
            problem = traceId.IsZero
                ? "expected a span with a trace id that is not all zero"
                : "expected a span with a span id that is not all zero";
        }

        if (problem.Length > 0)
        {
            return null;
        }

        return new Span
        {
            TraceId = traceId,
            SpanId = spanId,
            ParentSpanId = parent,
            Name = name,
            Kind = kind,
            StartUnixNano = start,
            EndUnixNano = end,
            Attributes = attributes,
            Events = _events.Count == 0 ? [] : [.. _events],
            Links = _links.Count == 0 ? [] : [.. _links],
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

    private static TraceId ReadTraceId(ref ProtobufReader message, string what, ref string problem)
    {
        var bytes = message.ReadBytes();
        switch (bytes.Length)
        {
            case 16:
                return TraceId.FromBytes(bytes);
            case 0:
                return default;
            default:
                problem = $"expected {what} of 16 bytes, found {bytes.Length}";
                return default;
        }
    }

    private static SpanId ReadSpanId(ref ProtobufReader message, string what, ref string problem)
    {
        var bytes = message.ReadBytes();
        switch (bytes.Length)
        {
            case 8:
                return SpanId.FromBytes(bytes);
            case 0:
                return default;
            default:
                problem = $"expected {what} of 8 bytes, found {bytes.Length}";
                return default;
        }
    }

    private SpanEvent ReadEvent(ProtobufReader message)
    {
        if (message.AtEnd)
        {
            return _emptyEvent;
        }

        var mark = values.Mark;
        ulong time = 0;
        var name = "";
        uint dropped = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Event.TimeUnixNano:
                    time = message.ReadFixed64();
                    break;
                case Fields.Event.Name:
                    name = values.ReadText(ref message);
                    break;
                case Fields.Event.Attributes:
                    values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Event.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new SpanEvent
        {
            TimeUnixNano = time,
            Name = name,
            Attributes = values.Pop(mark),
            DroppedAttributesCount = dropped,
        };
    }

    private SpanLink ReadLink(ProtobufReader message)
    {
        var mark = values.Mark;
        TraceId traceId = default;
        SpanId spanId = default;
        var traceState = "";
        uint dropped = 0,
            flags = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Link.TraceId:
                    var trace = message.ReadBytes();
                    traceId = trace.Length == 16 ? TraceId.FromBytes(trace) : default;
                    break;
                case Fields.Link.SpanId:
                    var span = message.ReadBytes();
                    spanId = span.Length == 8 ? SpanId.FromBytes(span) : default;
                    break;
                case Fields.Link.TraceState:
                    traceState = values.ReadText(ref message);
                    break;
                case Fields.Link.Attributes:
                    values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Link.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                case Fields.Link.Flags:
                    flags = message.ReadFixed32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new SpanLink
        {
            TraceId = traceId,
            SpanId = spanId,
            TraceState = traceState,
            Attributes = values.Pop(mark),
            DroppedAttributesCount = dropped,
            Flags = flags,
        };
    }

    private SpanStatus ReadStatus(ProtobufReader message)
    {
        var code = StatusCode.Unset;
        var text = "";
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Status.Message:
                    text = values.ReadText(ref message);
                    break;
                case Fields.Status.Code:
                    code = (StatusCode)unchecked((int)message.ReadVarint());
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return text.Length > 0
            ? new SpanStatus(code, text)
            : code switch
            {
                StatusCode.Unset => UnsetStatus,
                StatusCode.Ok => OkStatus,
                StatusCode.Error => ErrorStatus,
                _ => new SpanStatus(code),
            };
    }
}
