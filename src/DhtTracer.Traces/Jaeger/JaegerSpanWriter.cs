using DhtTracer.Traces.Model;
using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Converts our spans to Jaeger's; see <c>docs/jaeger-mapping.md</c>.</summary>
internal static class JaegerSpanWriter
{
    /// <summary>
    /// The W3C trace flags. Jaeger does not know OTLP's higher bits (whether the parent is remote): 256 means nothing to it.
    /// </summary>
    private const uint WrittenFlags = 0xFF;

    /// <summary>Converts the span, without its process.</summary>
    public static Proto.Span WriteSpan(Span span)
    {
        var written = new Proto.Span
        {
            TraceId = ByteString.CopyFrom(span.TraceId.ToBytes()),
            SpanId = ByteString.CopyFrom(span.SpanId.ToBytes()),
            OperationName = span.Name,
            Flags = span.Flags & WrittenFlags,
            StartTime = WriteTime(span.StartUnixNano),
            Duration = WriteDuration(span.StartUnixNano, span.EndUnixNano),
        };
        WriteReferences(written, span);
        foreach (var (key, value) in span.Attributes.AsSpan())
        {
            if (key == JaegerTags.Warnings && value is ArrayValue array && array.Values.All(element => element is StringValue))
            {
                written.Warnings.AddRange(array.Values.Select(element => element.AsString()!));
                continue;
            }

            written.Tags.Add(WriteTag(key, value));
        }

        WriteFields(written, span);
        foreach (var item in span.Events)
        {
            written.Logs.Add(WriteLog(item));
        }

        return written;
    }

    /// <summary>Converts a resource to a Jaeger process.</summary>
    public static Proto.Process WriteProcess(Resource resource)
    {
        var process = new Proto.Process();
        var hasName = false;
        foreach (var (key, value) in resource.Attributes.AsSpan())
        {
            if (!hasName && key == JaegerTags.ServiceName && value is StringValue name)
            {
                hasName = true;
                process.ServiceName = name.Value;
            }
            else
            {
                process.Tags.Add(WriteTag(key, value));
            }
        }

        return process;
    }

    private static void WriteReferences(Proto.Span written, Span span)
    {
        // Jaeger 2 turns a lone FOLLOWS_FROM into a parent and a link with its type. Write these as one reference, not two.
        var parent = span.ParentSpanId;
        if (!parent.IsZero && !span.Links.Any(link => link.SpanId == parent && link.TraceId == span.TraceId && IsFollowsFrom(link)))
        {
            written.References.Add(
                new Proto.SpanRef
                {
                    TraceId = written.TraceId,
                    SpanId = ByteString.CopyFrom(span.ParentSpanId.ToBytes()),
                    RefType = Proto.SpanRefType.ChildOf,
                }
            );
        }

        foreach (var link in span.Links)
        {
            written.References.Add(
                new Proto.SpanRef
                {
                    TraceId = ByteString.CopyFrom(link.TraceId.ToBytes()),
                    SpanId = ByteString.CopyFrom(link.SpanId.ToBytes()),
                    RefType =
                        link.Attributes.GetString(JaegerTags.ReferenceType) == "child_of"
                            ? Proto.SpanRefType.ChildOf
                            : Proto.SpanRefType.FollowsFrom,
                }
            );
        }
    }

    private static bool IsFollowsFrom(SpanLink link) => link.Attributes.GetString(JaegerTags.ReferenceType) == "follows_from";

    private static void WriteFields(Proto.Span written, Span span)
    {
        AddText(JaegerTags.ScopeName, span.Scope.Name);
        AddText(JaegerTags.ScopeVersion, span.Scope.Version);
        AddText(JaegerTags.SpanKind, (uint)span.Kind < JaegerTags.Kinds.Length ? JaegerTags.Kinds[(int)span.Kind] : "");
        AddText(JaegerTags.TraceState, span.TraceState);
        AddCount(JaegerTags.DroppedAttributes, span.DroppedAttributesCount);
        AddCount(JaegerTags.DroppedEvents, span.DroppedEventsCount);
        AddCount(JaegerTags.DroppedLinks, span.DroppedLinksCount);
        if (span.Status is not { } status)
        {
            return;
        }

        AddText(
            JaegerTags.StatusCode,
            status.Code switch
            {
                StatusCode.Ok => "OK",
                StatusCode.Error => "ERROR",
                _ => "",
            }
        );
        AddText(JaegerTags.StatusDescription, status.Message);
        if (status.Code == StatusCode.Error)
        {
            written.Tags.Add(
                new Proto.KeyValue
                {
                    Key = JaegerTags.Error,
                    VType = Proto.ValueType.Bool,
                    VBool = true,
                }
            );
        }

        void AddText(string key, string value)
        {
            if (value.Length > 0)
            {
                written.Tags.Add(new Proto.KeyValue { Key = key, VStr = value });
            }
        }

        void AddCount(string key, uint value)
        {
            if (value != 0)
            {
                written.Tags.Add(
                    new Proto.KeyValue
                    {
                        Key = key,
                        VType = Proto.ValueType.Int64,
                        VInt64 = value,
                    }
                );
            }
        }
    }

    private static Proto.Log WriteLog(SpanEvent item)
    {
        var log = new Proto.Log { Timestamp = WriteTime(item.TimeUnixNano) };
        if (item.Name.Length > 0)
        {
            log.Fields.Add(new Proto.KeyValue { Key = JaegerTags.Event, VStr = item.Name });
        }

        foreach (var (key, value) in item.Attributes.AsSpan())
        {
            log.Fields.Add(WriteTag(key, value));
        }

        if (item.DroppedAttributesCount != 0)
        {
            log.Fields.Add(
                new Proto.KeyValue
                {
                    Key = JaegerTags.DroppedAttributes,
                    VType = Proto.ValueType.Int64,
                    VInt64 = item.DroppedAttributesCount,
                }
            );
        }

        return log;
    }

    private static Proto.KeyValue WriteTag(string key, AttributeValue value) =>
        value switch
        {
            BoolValue boolean => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Bool,
                VBool = boolean.Value,
            },
            IntValue integer => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Int64,
                VInt64 = integer.Value,
            },
            DoubleValue real => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Float64,
                VFloat64 = real.Value,
            },
            BytesValue bytes => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Binary,
                VBinary = ByteString.CopyFrom(bytes.Value.AsSpan()),
            },
            _ => new Proto.KeyValue { Key = key, VStr = PlainText.Of(value) },
        };

    private static Timestamp WriteTime(ulong unixNano) =>
        new() { Seconds = (long)(unixNano / 1_000_000_000), Nanos = (int)(unixNano % 1_000_000_000) };

    private static Duration WriteDuration(ulong start, ulong end)
    {
        var nanos = end == 0 ? 0 : (Int128)end - start;
        return new Duration { Seconds = (long)(nanos / 1_000_000_000), Nanos = (int)(nanos % 1_000_000_000) };
    }
}
