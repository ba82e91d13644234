using System.Collections.Immutable;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads OTLP's wire format straight into spans. Not thread-safe: it keeps its string caches and scratch lists.</summary>
internal sealed class OtlpProtobufReader
{
    internal const string Format = "OTLP protobuf";

    private readonly OtlpValueReader values = new();
    private readonly List<SpanEvent> events = [];
    private readonly List<SpanLink> links = [];
    private readonly SpanEvent emptyEvent = new();

    public List<Span> Read(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected)
    {
        values.Reset();
        var spans = new List<Span>(Math.Min(1 + (data.Length / 512), 65_536));
        var message = new ProtobufReader(data, Format);
        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.TracesData.ResourceSpans)
            {
                ReadResourceSpans(message.ReadMessage(), spans, rejected);
            }
            else
            {
                message.Skip(tag);
            }
        }

        return spans;
    }

    // The resource and the schema URL may stand after the spans, so the group is looked through twice; the first time passes over the spans.
    private void ReadResourceSpans(ProtobufReader message, List<Span> spans, ICollection<RejectedSpan>? rejected)
    {
        var resource = Resource.Empty;
        var schemaUrl = "";
        var first = message;
        while (first.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.ResourceSpans.Resource:
                    resource = ReadResource(first.ReadMessage());
                    break;
                case Fields.ResourceSpans.SchemaUrl:
                    schemaUrl = values.ReadText(ref first);
                    break;
                default:
                    first.Skip(tag);
                    break;
            }
        }

        if (schemaUrl.Length > 0)
        {
            resource = resource with { SchemaUrl = schemaUrl };
        }

        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.ResourceSpans.ScopeSpans)
            {
                ReadScopeSpans(message.ReadMessage(), resource, spans, rejected);
            }
            else
            {
                message.Skip(tag);
            }
        }
    }

    private void ReadScopeSpans(ProtobufReader message, Resource resource, List<Span> spans, ICollection<RejectedSpan>? rejected)
    {
        var scope = InstrumentationScope.Empty;
        var schemaUrl = "";
        var first = message;
        while (first.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.ScopeSpans.Scope:
                    scope = ReadScope(first.ReadMessage());
                    break;
                case Fields.ScopeSpans.SchemaUrl:
                    schemaUrl = values.ReadText(ref first);
                    break;
                default:
                    first.Skip(tag);
                    break;
            }
        }

        if (schemaUrl.Length > 0)
        {
            scope = scope with { SchemaUrl = schemaUrl };
        }

        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.ScopeSpans.Spans)
            {
                var offset = message.Position;
                if (ReadSpan(message.ReadMessage(), resource, scope, out var problem) is { } span)
                {
                    spans.Add(span);
                }
                else if (rejected is not null)
                {
                    rejected.Add(new RejectedSpan(offset, problem));
                }
                else
                {
                    throw new TraceFormatException(Format, offset, problem);
                }
            }
            else
            {
                message.Skip(tag);
            }
        }
    }

    private Resource ReadResource(ProtobufReader message)
    {
        var mark = values.Mark;
        uint dropped = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Resource.Attributes:
                    values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Resource.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new Resource { Attributes = values.Pop(mark), DroppedAttributesCount = dropped };
    }

    private InstrumentationScope ReadScope(ProtobufReader message)
    {
        var mark = values.Mark;
        string name = "", version = "";
        uint dropped = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Scope.Name:
                    name = values.ReadText(ref message);
                    break;
                case Fields.Scope.Version:
                    version = values.ReadText(ref message);
                    break;
                case Fields.Scope.Attributes:
                    values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Scope.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new InstrumentationScope { Name = name, Version = version, Attributes = values.Pop(mark), DroppedAttributesCount = dropped };
    }

    // The problem of an empty span is a constant: a hostile message can hold millions of these.
    private Span? ReadSpan(ProtobufReader message, Resource resource, InstrumentationScope scope, out string problem)
    {
        TraceId traceId = default;
        SpanId spanId = default, parent = default;
        string name = "", traceState = "";
        ulong start = 0, end = 0;
        uint flags = 0, droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0;
        var kind = SpanKind.Unspecified;
        SpanStatus? status = null;
        var mark = values.Mark;
        events.Clear();
        links.Clear();
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
                    events.Add(ReadEvent(message.ReadMessage()));
                    break;
                case Fields.Span.DroppedEventsCount:
                    droppedEvents = message.ReadUInt32();
                    break;
                case Fields.Span.Links:
                    links.Add(ReadLink(message.ReadMessage()));
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
            problem = traceId.IsZero ? "expected a span with a trace id that is not all zero" : "expected a span with a span id that is not all zero";
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
            Events = events.Count == 0 ? [] : [.. events],
            Links = links.Count == 0 ? [] : [.. links],
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
            return emptyEvent;
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

        return new SpanEvent { TimeUnixNano = time, Name = name, Attributes = values.Pop(mark), DroppedAttributesCount = dropped };
    }

    private SpanLink ReadLink(ProtobufReader message)
    {
        var mark = values.Mark;
        TraceId traceId = default;
        SpanId spanId = default;
        var traceState = "";
        uint dropped = 0, flags = 0;
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

        return text.Length > 0 ? new SpanStatus(code, text) : code switch
        {
            StatusCode.Unset => unset,
            StatusCode.Ok => ok,
            StatusCode.Error => error,
            _ => new SpanStatus(code),
        };
    }

    private static readonly SpanStatus unset = new(StatusCode.Unset);
    private static readonly SpanStatus ok = new(StatusCode.Ok);
    private static readonly SpanStatus error = new(StatusCode.Error);
}
