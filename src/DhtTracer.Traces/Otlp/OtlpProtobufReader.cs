using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads OTLP's wire format directly into spans. Not thread-safe: it reuses string caches and scratch lists.</summary>
internal sealed class OtlpProtobufReader
{
    internal const string Format = "OTLP protobuf";

    private readonly OtlpValueReader _values = new();
    private readonly OtlpProtobufSpanReader _spanReader;

    public OtlpProtobufReader() => _spanReader = new OtlpProtobufSpanReader(_values);

    public List<Span> Read(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected)
    {
        _values.Reset();
        _spanReader.Reset();
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

    // The resource and the schema URL may come after the spans, so this reads the group twice; the first pass skips the spans.
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
                    schemaUrl = _values.ReadText(ref first);
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
                    schemaUrl = _values.ReadText(ref first);
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
                if (_spanReader.Read(message.ReadMessage(), resource, scope, out var problem) is { } span)
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
        var mark = _values.Mark;
        uint dropped = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Resource.Attributes:
                    _values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Resource.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new Resource { Attributes = _values.Pop(mark), DroppedAttributesCount = dropped };
    }

    private InstrumentationScope ReadScope(ProtobufReader message)
    {
        var mark = _values.Mark;
        string name = "",
            version = "";
        uint dropped = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Scope.Name:
                    name = _values.ReadText(ref message);
                    break;
                case Fields.Scope.Version:
                    version = _values.ReadText(ref message);
                    break;
                case Fields.Scope.Attributes:
                    _values.PushAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Scope.DroppedAttributesCount:
                    dropped = message.ReadUInt32();
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return new InstrumentationScope
        {
            Name = name,
            Version = version,
            Attributes = _values.Pop(mark),
            DroppedAttributesCount = dropped,
        };
    }
}
