using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// Validates OTLP without creating objects. Accepts exactly what <see cref="OtlpProtobufReader"/> reads, so bytes that were acknowledged
/// without decoding can be decoded later.
/// </summary>
internal static class OtlpStructure
{
    private const uint NoAttributes = 0;

    /// <summary>Validates a resource.</summary>
    public static void CheckResource(ProtobufReader message) => CheckAttributes(message, Fields.Resource.Attributes);

    /// <summary>Validates a scope.</summary>
    public static void CheckScope(ProtobufReader message) => CheckAttributes(message, Fields.Scope.Attributes);

    /// <summary>Validates a span and reads its ids.</summary>
    /// <returns>What is wrong with its ids, or null.</returns>
    public static string? CheckSpan(ProtobufReader message, out TraceId traceId)
    {
        traceId = default;
        var spanIdIsZero = true;
        string? problem = null;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.Span.TraceId:
                    var trace = message.ReadBytes();
                    traceId = trace.Length == 16 ? TraceId.FromBytes(trace) : default;
                    problem = trace.Length is 0 or 16 ? problem : $"expected a trace id of 16 bytes, found {trace.Length}";
                    break;
                case Fields.Span.SpanId:
                    var span = message.ReadBytes();
                    spanIdIsZero = span.Length != 8 || SpanId.FromBytes(span).IsZero;
                    problem = span.Length is 0 or 8 ? problem : $"expected a span id of 8 bytes, found {span.Length}";
                    break;
                case Fields.Span.ParentSpanId:
                    var parent = message.ReadBytes();
                    problem = parent.Length is 0 or 8 ? problem : $"expected a parent span id of 8 bytes, found {parent.Length}";
                    break;
                case Fields.Span.Attributes:
                    CheckAttribute(message.ReadMessage(), 0);
                    break;
                case Fields.Span.Events:
                    CheckAttributes(message.ReadMessage(), Fields.Event.Attributes);
                    break;
                case Fields.Span.Links:
                    CheckAttributes(message.ReadMessage(), Fields.Link.Attributes);
                    break;
                case Fields.Span.Status:
                    CheckAttributes(message.ReadMessage(), NoAttributes);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return problem
            ?? (
                traceId.IsZero ? "expected a span with a trace id that is not all zero"
                : spanIdIsZero ? "expected a span with a span id that is not all zero"
                : null
            );
    }

    /// <summary>Validates a message whose only nested messages are attributes.</summary>
    private static void CheckAttributes(ProtobufReader message, uint attributes)
    {
        while (message.TryReadTag(out var tag))
        {
            if (tag == attributes)
            {
                CheckAttribute(message.ReadMessage(), 0);
            }
            else
            {
                message.Skip(tag);
            }
        }
    }

    private static void CheckAttribute(ProtobufReader message, int depth)
    {
        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.KeyValue.Value)
            {
                CheckValue(message.ReadMessage(), depth);
            }
            else
            {
                message.Skip(tag);
            }
        }
    }

    private static void CheckValue(ProtobufReader message, int depth)
    {
        while (message.TryReadTag(out var tag))
        {
            if (tag is not (Fields.AnyValue.Array or Fields.AnyValue.KeyValueList))
            {
                message.Skip(tag);
                continue;
            }

            var inner = message.ReadMessage();
            if (depth >= Fields.AnyValue.DeepestNesting)
            {
                throw message.Error($"expected values nested at most {Fields.AnyValue.DeepestNesting} deep");
            }

            while (inner.TryReadTag(out var innerTag))
            {
                if (innerTag != Fields.AnyValue.Values)
                {
                    inner.Skip(innerTag);
                }
                else if (tag == Fields.AnyValue.Array)
                {
                    CheckValue(inner.ReadMessage(), depth + 1);
                }
                else
                {
                    CheckAttribute(inner.ReadMessage(), depth + 1);
                }
            }
        }
    }
}
