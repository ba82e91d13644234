using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>Writes spans as OTLP's wire format; last to first, as <see cref="ReverseProtobufWriter"/> asks. Not thread-safe.</summary>
internal sealed class OtlpProtobufWriter
{
    private readonly ReverseProtobufWriter output = new();

    public ReadOnlySpan<byte> Write(IEnumerable<Span> spans)
    {
        output.Clear();
        foreach (var group in SpanGrouping.ByResourceAndScope(spans).Reverse())
        {
            var mark = output.Written;
            output.WriteStringIfSet(Fields.ResourceSpans.SchemaUrl, group.Resource.SchemaUrl);
            foreach (var scope in group.Scopes.Reverse())
            {
                WriteScopeSpans(scope);
            }

            WriteResource(group.Resource);
            output.CloseMessage(Fields.TracesData.ResourceSpans, mark);
        }

        return output.WrittenSpan;
    }

    private void WriteResource(Resource resource)
    {
        var mark = output.Written;
        output.WriteVarintIfSet(Fields.Resource.DroppedAttributesCount, resource.DroppedAttributesCount);
        WriteAttributes(Fields.Resource.Attributes, resource.Attributes);
        output.CloseMessage(Fields.ResourceSpans.Resource, mark);
    }

    private void WriteScopeSpans(ScopeGroup group)
    {
        var mark = output.Written;
        output.WriteStringIfSet(Fields.ScopeSpans.SchemaUrl, group.Scope.SchemaUrl);
        for (var index = group.Spans.Count - 1; index >= 0; index--)
        {
            WriteSpan(group.Spans[index]);
        }

        var scope = group.Scope;
        var scopeMark = output.Written;
        output.WriteVarintIfSet(Fields.Scope.DroppedAttributesCount, scope.DroppedAttributesCount);
        WriteAttributes(Fields.Scope.Attributes, scope.Attributes);
        output.WriteStringIfSet(Fields.Scope.Version, scope.Version);
        output.WriteStringIfSet(Fields.Scope.Name, scope.Name);
        output.CloseMessage(Fields.ScopeSpans.Scope, scopeMark);
        output.CloseMessage(Fields.ResourceSpans.ScopeSpans, mark);
    }

    private void WriteSpan(Span span)
    {
        var mark = output.Written;
        if (span.Flags != 0)
        {
            output.WriteFixed32(Fields.Span.Flags, span.Flags);
        }

        if (span.Status is { } status)
        {
            var statusMark = output.Written;
            output.WriteVarintIfSet(Fields.Status.Code, unchecked((ulong)(long)status.Code));
            output.WriteStringIfSet(Fields.Status.Message, status.Message);
            output.CloseMessage(Fields.Span.Status, statusMark);
        }

        output.WriteVarintIfSet(Fields.Span.DroppedLinksCount, span.DroppedLinksCount);
        for (var index = span.Links.Length - 1; index >= 0; index--)
        {
            WriteLink(span.Links[index]);
        }

        output.WriteVarintIfSet(Fields.Span.DroppedEventsCount, span.DroppedEventsCount);
        for (var index = span.Events.Length - 1; index >= 0; index--)
        {
            WriteEvent(span.Events[index]);
        }

        output.WriteVarintIfSet(Fields.Span.DroppedAttributesCount, span.DroppedAttributesCount);
        WriteAttributes(Fields.Span.Attributes, span.Attributes);
        WriteTimeIfSet(Fields.Span.EndTimeUnixNano, span.EndUnixNano);
        WriteTimeIfSet(Fields.Span.StartTimeUnixNano, span.StartUnixNano);
        output.WriteVarintIfSet(Fields.Span.Kind, unchecked((ulong)(long)span.Kind));
        output.WriteStringIfSet(Fields.Span.Name, span.Name);
        if (!span.ParentSpanId.IsZero)
        {
            output.WriteId(Fields.Span.ParentSpanId, span.ParentSpanId);
        }

        output.WriteStringIfSet(Fields.Span.TraceState, span.TraceState);
        output.WriteId(Fields.Span.SpanId, span.SpanId);
        output.WriteId(Fields.Span.TraceId, span.TraceId);
        output.CloseMessage(Fields.ScopeSpans.Spans, mark);
    }

    private void WriteEvent(SpanEvent item)
    {
        var mark = output.Written;
        output.WriteVarintIfSet(Fields.Event.DroppedAttributesCount, item.DroppedAttributesCount);
        WriteAttributes(Fields.Event.Attributes, item.Attributes);
        output.WriteStringIfSet(Fields.Event.Name, item.Name);
        WriteTimeIfSet(Fields.Event.TimeUnixNano, item.TimeUnixNano);
        output.CloseMessage(Fields.Span.Events, mark);
    }

    private void WriteLink(SpanLink link)
    {
        var mark = output.Written;
        if (link.Flags != 0)
        {
            output.WriteFixed32(Fields.Link.Flags, link.Flags);
        }

        output.WriteVarintIfSet(Fields.Link.DroppedAttributesCount, link.DroppedAttributesCount);
        WriteAttributes(Fields.Link.Attributes, link.Attributes);
        output.WriteStringIfSet(Fields.Link.TraceState, link.TraceState);
        if (!link.SpanId.IsZero)
        {
            output.WriteId(Fields.Link.SpanId, link.SpanId);
        }

        if (!link.TraceId.IsZero)
        {
            output.WriteId(Fields.Link.TraceId, link.TraceId);
        }

        output.CloseMessage(Fields.Span.Links, mark);
    }

    private void WriteTimeIfSet(uint tag, ulong time)
    {
        if (time != 0)
        {
            output.WriteFixed64(tag, time);
        }
    }

    private void WriteAttributes(uint tag, AttributeList attributes)
    {
        for (var index = attributes.Count - 1; index >= 0; index--)
        {
            var mark = output.Written;
            WriteValue(Fields.KeyValue.Value, attributes[index].Value);
            output.WriteStringIfSet(Fields.KeyValue.Key, attributes[index].Key);
            output.CloseMessage(tag, mark);
        }
    }

    private void WriteValue(uint tag, AttributeValue value)
    {
        var mark = output.Written;
        switch (value)
        {
            case StringValue text:
                output.WriteString(Fields.AnyValue.String, text.Value);
                break;
            case BoolValue boolean:
                output.WriteVarint(Fields.AnyValue.Bool, boolean.Value ? 1UL : 0UL);
                break;
            case IntValue integer:
                output.WriteVarint(Fields.AnyValue.Int, unchecked((ulong)integer.Value));
                break;
            case DoubleValue real:
                output.WriteFixed64(Fields.AnyValue.Double, BitConverter.DoubleToUInt64Bits(real.Value));
                break;
            case BytesValue bytes:
                output.WriteBytes(Fields.AnyValue.Bytes, bytes.Value.AsSpan());
                break;
            case ArrayValue array:
                var arrayMark = output.Written;
                for (var index = array.Values.Length - 1; index >= 0; index--)
                {
                    WriteValue(Fields.AnyValue.Values, array.Values[index]);
                }

                output.CloseMessage(Fields.AnyValue.Array, arrayMark);
                break;
            case KeyValueListValue list:
                var listMark = output.Written;
                WriteAttributes(Fields.AnyValue.Values, list.Values);
                output.CloseMessage(Fields.AnyValue.KeyValueList, listMark);
                break;
            default:
                break;
        }

        output.CloseMessage(tag, mark);
    }
}
