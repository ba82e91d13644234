using System.Collections.Immutable;
using DhtTracer.Traces.Model;
using Google.Protobuf.Collections;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Converts Jaeger's spans to ours; see <c>docs/jaeger-mapping.md</c>. Spans of one process share one resource object.</summary>
internal sealed class JaegerSpanReader
{
    private readonly Dictionary<Proto.Process, Resource> _resources = [];
    private readonly Dictionary<(string Name, string Version), InstrumentationScope> _scopes = [];
    private Proto.Process? _lastProcess;
    private Resource _lastResource = Resource.Empty;

    /// <summary>Returns the span, or null and the problem if an id or a time is invalid.</summary>
    public Span? Read(Proto.Span span, Proto.Process? process, out string problem)
    {
        if (!TryReadTraceId(span.TraceId.Span, out var traceId) || traceId.IsZero)
        {
            problem = $"expected a trace id of 16 bytes that is not all zero, found {Convert.ToHexStringLower(Start(span.TraceId))}";
            return null;
        }

        if (!TryReadSpanId(span.SpanId.Span, out var spanId) || spanId.IsZero)
        {
            problem = $"expected a span id of 8 bytes that is not all zero, found {Convert.ToHexStringLower(Start(span.SpanId))}";
            return null;
        }

        var start = ReadTime(span.StartTime);
        var end = start + (span.Duration is { } duration ? ((Int128)duration.Seconds * 1_000_000_000) + duration.Nanos : 0);
        if (start > ulong.MaxValue || end < 0 || end > ulong.MaxValue)
        {
            problem = "expected a start time and an end between 1970 and 2554";
            return null;
        }

        problem = "";
        var fields = TagFields.Take(span.Tags);
        var parent = ReadReferences(span.References, traceId, out var links);
        var attributes = fields.Attributes;
        if (span.Warnings.Count > 0)
        {
            attributes.Add(
                KeyValuePair.Create<string, AttributeValue>(
                    JaegerTags.Warnings,
                    new ArrayValue([.. span.Warnings.Select(warning => new StringValue(warning))])
                )
            );
        }

        return new Span
        {
            TraceId = traceId,
            SpanId = spanId,
            ParentSpanId = parent,
            Name = span.OperationName,
            Kind = fields.Kind,
            StartUnixNano = (ulong)start,
            EndUnixNano = (ulong)end,
            Attributes = ToList(attributes),
            Events = [.. span.Logs.Select(ReadLog)],
            Links = links,
            Status = fields.Status,
            TraceState = fields.TraceState,
            Flags = span.Flags,
            DroppedAttributesCount = fields.DroppedAttributes,
            DroppedEventsCount = fields.DroppedEvents,
            DroppedLinksCount = fields.DroppedLinks,
            Resource = ReadProcess(process),
            Scope = ReadScope(fields.ScopeName, fields.ScopeVersion),
        };
    }

    /// <summary>Reads a tag's value.</summary>
    internal static AttributeValue ReadValue(Proto.KeyValue tag) =>
        tag.VType switch
        {
            Proto.ValueType.Bool => new BoolValue(tag.VBool),
            Proto.ValueType.Int64 => new IntValue(tag.VInt64),
            Proto.ValueType.Float64 => new DoubleValue(tag.VFloat64),
            Proto.ValueType.Binary => new BytesValue([.. tag.VBinary.Span]),
            _ => new StringValue(tag.VStr),
        };

    private static ReadOnlySpan<byte> Start(Google.Protobuf.ByteString id) => id.Span[..Math.Min(id.Length, 32)];

    private static bool TryReadTraceId(ReadOnlySpan<byte> bytes, out TraceId id)
    {
        id = bytes.Length switch
        {
            16 => TraceId.FromBytes(bytes),
            8 => new TraceId(0, SpanId.FromBytes(bytes).Value),
            _ => default,
        };
        return bytes.Length is 8 or 16;
    }

    private static bool TryReadSpanId(ReadOnlySpan<byte> bytes, out SpanId id)
    {
        id = bytes.Length == 8 ? SpanId.FromBytes(bytes) : default;
        return bytes.Length == 8;
    }

    // Go's zero time (year 1), and its overflow in 64 bits of nanoseconds (1754), mean "absent", which is 0 here.
    private static Int128 ReadTime(Timestamp? time) =>
        time is null || time.Seconds < 0 ? 0 : ((Int128)time.Seconds * 1_000_000_000) + Math.Max(0, time.Nanos);

    private static SpanId ReadReferences(RepeatedField<Proto.SpanRef> references, TraceId traceId, out ImmutableArray<SpanLink> links)
    {
        SpanId parent = default;
        ImmutableArray<SpanLink>.Builder? others = null;
        foreach (var reference in references)
        {
            TryReadTraceId(reference.TraceId.Span, out var otherTrace);
            TryReadSpanId(reference.SpanId.Span, out var otherSpan);
            var isChild = reference.RefType == Proto.SpanRefType.ChildOf;
            if (isChild && otherTrace == traceId && (parent.IsZero || otherSpan.IsZero))
            {
                parent = otherSpan.IsZero ? parent : otherSpan;
                continue;
            }

            (others ??= ImmutableArray.CreateBuilder<SpanLink>()).Add(
                new SpanLink
                {
                    TraceId = otherTrace,
                    SpanId = otherSpan,
                    Attributes = isChild ? AttributeList.Of((JaegerTags.ReferenceType, "child_of")) : AttributeList.Empty,
                }
            );
        }

        // Without a CHILD_OF, the first FOLLOWS_FROM of the same trace is the parent, as in Jaeger itself. The link is kept, with its
        // reference type.
        if (parent.IsZero && others is not null)
        {
            for (var i = 0; i < others.Count; i++)
            {
                if (others[i].TraceId == traceId && !others[i].SpanId.IsZero && others[i].Attributes.Count == 0)
                {
                    parent = others[i].SpanId;
                    others[i] = others[i] with { Attributes = AttributeList.Of((JaegerTags.ReferenceType, "follows_from")) };
                    break;
                }
            }
        }

        links = others?.DrainToImmutable() ?? [];
        return parent;
    }

    private static SpanEvent ReadLog(Proto.Log log)
    {
        var name = "";
        uint dropped = 0;
        var attributes = new List<KeyValuePair<string, AttributeValue>>(log.Fields.Count);
        foreach (var field in log.Fields)
        {
            if (name.Length == 0 && field.Key == JaegerTags.Event && field.VType == Proto.ValueType.String && field.VStr.Length > 0)
            {
                name = field.VStr;
            }
            else if (
                field.Key == JaegerTags.DroppedAttributes
                && field.VType == Proto.ValueType.Int64
                && field.VInt64 is > 0 and <= uint.MaxValue
            )
            {
                dropped = (uint)field.VInt64;
            }
            else
            {
                attributes.Add(KeyValuePair.Create(field.Key, ReadValue(field)));
            }
        }

        var time = ReadTime(log.Timestamp);
        return new SpanEvent
        {
            TimeUnixNano = time > ulong.MaxValue ? 0 : (ulong)time,
            Name = name,
            Attributes = ToList(attributes),
            DroppedAttributesCount = dropped,
        };
    }

    private static AttributeList ToList(List<KeyValuePair<string, AttributeValue>> attributes) =>
        attributes.Count == 0 ? AttributeList.Empty : new AttributeList([.. attributes]);

    private Resource ReadProcess(Proto.Process? process)
    {
        if (process is null)
        {
            return Resource.Empty;
        }

        if (_lastProcess is not null && (ReferenceEquals(process, _lastProcess) || process.Equals(_lastProcess)))
        {
            return _lastResource;
        }

        if (!_resources.TryGetValue(process, out var resource))
        {
            var attributes = new List<KeyValuePair<string, AttributeValue>>(process.Tags.Count + 1);
            if (process.ServiceName.Length > 0)
            {
                attributes.Add(KeyValuePair.Create<string, AttributeValue>(JaegerTags.ServiceName, process.ServiceName));
            }

            attributes.AddRange(process.Tags.Select(tag => KeyValuePair.Create(tag.Key, ReadValue(tag))));
            resource = attributes.Count == 0 ? Resource.Empty : new Resource { Attributes = ToList(attributes) };
            _resources.Add(process, resource);
        }

        _lastProcess = process;
        _lastResource = resource;
        return resource;
    }

    private InstrumentationScope ReadScope(string name, string version)
    {
        if (name.Length == 0 && version.Length == 0)
        {
            return InstrumentationScope.Empty;
        }

        if (!_scopes.TryGetValue((name, version), out var scope))
        {
            scope = new InstrumentationScope { Name = name, Version = version };
            _scopes.Add((name, version), scope);
        }

        return scope;
    }
}
