using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>Writes spans as OTLP's wire format, last to first, as <see cref="ReverseProtobufWriter"/> requires. Not thread-safe.</summary>
internal sealed class OtlpProtobufWriter
{
    private readonly ReverseProtobufWriter _output = new();

    public ReadOnlySpan<byte> Write(IEnumerable<Span> spans)
    {
        _output.Clear();
        foreach (var group in SpanGrouping.ByResourceAndScope(spans).Reverse())
        {
            var mark = _output.Written;
            _output.WriteStringIfSet(Fields.ResourceSpans.SchemaUrl, group.Resource.SchemaUrl);
            foreach (var scope in group.Scopes.Reverse())
            {
                WriteScopeSpans(scope);
            }

            WriteResource(group.Resource);
            _output.CloseMessage(Fields.TracesData.ResourceSpans, mark);
        }

        return _output.WrittenSpan;
    }

    private void WriteResource(Resource resource)
    {
        var mark = _output.Written;
        _output.WriteVarintIfSet(Fields.Resource.DroppedAttributesCount, resource.DroppedAttributesCount);
        WriteAttributes(Fields.Resource.Attributes, resource.Attributes);
        _output.CloseMessage(Fields.ResourceSpans.Resource, mark);
    }

    private void WriteScopeSpans(ScopeGroup group)
    {
        var mark = _output.Written;
        _output.WriteStringIfSet(Fields.ScopeSpans.SchemaUrl, group.Scope.SchemaUrl);
        for (var index = group.Spans.Count - 1; index >= 0; index--)
        {
            WriteSpan(group.Spans[index]);
        }

        var scope = group.Scope;
        var scopeMark = _output.Written;
        _output.WriteVarintIfSet(Fields.Scope.DroppedAttributesCount, scope.DroppedAttributesCount);
        WriteAttributes(Fields.Scope.Attributes, scope.Attributes);
        _output.WriteStringIfSet(Fields.Scope.Version, scope.Version);
        _output.WriteStringIfSet(Fields.Scope.Name, scope.Name);
        _output.CloseMessage(Fields.ScopeSpans.Scope, scopeMark);
        _output.CloseMessage(Fields.ResourceSpans.ScopeSpans, mark);
    }

    private void WriteSpan(Span span)
    {
        var mark = _output.Written;
        if (span.Flags != 0)
        {
            _output.WriteFixed32(Fields.Span.Flags, span.Flags);
        }

        if (span.Status is { } status)
        {
            var statusMark = _output.Written;
            _output.WriteVarintIfSet(Fields.Status.Code, unchecked((ulong)(long)status.Code));
            _output.WriteStringIfSet(Fields.Status.Message, status.Message);
            _output.CloseMessage(Fields.Span.Status, statusMark);
        }

        _output.WriteVarintIfSet(Fields.Span.DroppedLinksCount, span.DroppedLinksCount);
        for (var index = span.Links.Length - 1; index >= 0; index--)
        {
            WriteLink(span.Links[index]);
        }

        _output.WriteVarintIfSet(Fields.Span.DroppedEventsCount, span.DroppedEventsCount);
        for (var index = span.Events.Length - 1; index >= 0; index--)
        {
            WriteEvent(span.Events[index]);
        }

        _output.WriteVarintIfSet(Fields.Span.DroppedAttributesCount, span.DroppedAttributesCount);
        WriteAttributes(Fields.Span.Attributes, span.Attributes);
        WriteTimeIfSet(Fields.Span.EndTimeUnixNano, span.EndUnixNano);
        WriteTimeIfSet(Fields.Span.StartTimeUnixNano, span.StartUnixNano);
        _output.WriteVarintIfSet(Fields.Span.Kind, unchecked((ulong)(long)span.Kind));
        _output.WriteStringIfSet(Fields.Span.Name, span.Name);
        if (!span.ParentSpanId.IsZero)
        {
            _output.WriteId(Fields.Span.ParentSpanId, span.ParentSpanId);
        }

        _output.WriteStringIfSet(Fields.Span.TraceState, span.TraceState);
        _output.WriteId(Fields.Span.SpanId, span.SpanId);
        _output.WriteId(Fields.Span.TraceId, span.TraceId);
        _output.CloseMessage(Fields.ScopeSpans.Spans, mark);
    }

    private void WriteEvent(SpanEvent item)
    {
        var mark = _output.Written;
        _output.WriteVarintIfSet(Fields.Event.DroppedAttributesCount, item.DroppedAttributesCount);
        WriteAttributes(Fields.Event.Attributes, item.Attributes);
        _output.WriteStringIfSet(Fields.Event.Name, item.Name);
        WriteTimeIfSet(Fields.Event.TimeUnixNano, item.TimeUnixNano);
        _output.CloseMessage(Fields.Span.Events, mark);
    }

    private void WriteLink(SpanLink link)
    {
        var mark = _output.Written;
        if (link.Flags != 0)
        {
            _output.WriteFixed32(Fields.Link.Flags, link.Flags);
        }

        _output.WriteVarintIfSet(Fields.Link.DroppedAttributesCount, link.DroppedAttributesCount);
        WriteAttributes(Fields.Link.Attributes, link.Attributes);
        _output.WriteStringIfSet(Fields.Link.TraceState, link.TraceState);
        if (!link.SpanId.IsZero)
        {
            _output.WriteId(Fields.Link.SpanId, link.SpanId);
        }

        if (!link.TraceId.IsZero)
        {
            _output.WriteId(Fields.Link.TraceId, link.TraceId);
        }

        _output.CloseMessage(Fields.Span.Links, mark);
    }

    private void WriteTimeIfSet(uint tag, ulong time)
    {
        if (time != 0)
        {
            _output.WriteFixed64(tag, time);
        }
    }

    private void WriteAttributes(uint tag, AttributeList attributes)
    {
        for (var index = attributes.Count - 1; index >= 0; index--)
        {
            var mark = _output.Written;
            WriteValue(Fields.KeyValue.Value, attributes[index].Value);
            _output.WriteStringIfSet(Fields.KeyValue.Key, attributes[index].Key);
            _output.CloseMessage(tag, mark);
        }
    }

    private void WriteValue(uint tag, AttributeValue value)
    {
        var mark = _output.Written;
        switch (value)
        {
            case StringValue text:
                _output.WriteString(Fields.AnyValue.String, text.Value);
                break;
            case BoolValue boolean:
                _output.WriteVarint(Fields.AnyValue.Bool, boolean.Value ? 1UL : 0UL);
                break;
            case IntValue integer:
                _output.WriteVarint(Fields.AnyValue.Int, unchecked((ulong)integer.Value));
                break;
            case DoubleValue real:
                _output.WriteFixed64(Fields.AnyValue.Double, BitConverter.DoubleToUInt64Bits(real.Value));
                break;
            case BytesValue bytes:
                _output.WriteBytes(Fields.AnyValue.Bytes, bytes.Value.AsSpan());
                break;
            case ArrayValue array:
                var arrayMark = _output.Written;
                for (var index = array.Values.Length - 1; index >= 0; index--)
                {
                    WriteValue(Fields.AnyValue.Values, array.Values[index]);
                }

                _output.CloseMessage(Fields.AnyValue.Array, arrayMark);
                break;
            case KeyValueListValue list:
                var listMark = _output.Written;
                WriteAttributes(Fields.AnyValue.Values, list.Values);
                _output.CloseMessage(Fields.AnyValue.KeyValueList, listMark);
                break;
            default:
                break;
        }

        _output.CloseMessage(tag, mark);
    }
}
