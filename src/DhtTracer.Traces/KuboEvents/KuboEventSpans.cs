using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.KuboEvents;

/// <summary>
/// Makes the spans of one stream of query events. Event ids derive from the root's id, so reading a stream twice gives the same spans.
/// </summary>
/// <param name="traceId">The trace.</param>
/// <param name="rootId">The root span.</param>
/// <param name="resource">The daemon's resource.</param>
public sealed class KuboEventSpans(TraceId traceId, SpanId rootId, Resource resource)
{
    private static readonly InstrumentationScope Scope = new() { Name = KuboEventNames.Scope };

    /// <summary>Makes the daemon's resource. <c>service.name</c> is <c>Kubo</c>, as in the daemon's own spans.</summary>
    /// <param name="node">Its peer id; null when unknown.</param>
    /// <param name="version">Its version; null when unknown.</param>
    public static Resource Daemon(string? node, string? version)
    {
        var attributes = new List<(string, AttributeValue)> { ("service.name", "Kubo") };
        if (version is not null)
        {
            attributes.Add(("service.version", version));
        }

        if (node is not null)
        {
            attributes.Add(("service.instance.id", node));
        }

        return new Resource { Attributes = AttributeList.Of(attributes) };
    }

    /// <summary>Makes the root span. It is sent when the command begins, and again when it ends.</summary>
    /// <param name="name">The command, or <see cref="KuboEventNames.Stream"/>.</param>
    /// <param name="startUnixNano">Start; 0 when unknown.</param>
    /// <param name="endUnixNano">End; 0 while it runs or if unknown.</param>
    /// <param name="attributes">The known attributes of <see cref="KuboEventNames"/>.</param>
    public Span Root(string name, ulong startUnixNano, ulong endUnixNano, IEnumerable<(string Key, AttributeValue Value)> attributes) =>
        Make(rootId, default, name, SpanKind.Client, startUnixNano, endUnixNano, attributes);

    /// <summary>Makes the span of an event.</summary>
    /// <param name="sequence">Its position in the stream, from 1.</param>
    /// <param name="unixNano">Arrival time; 0 if unknown.</param>
    /// <param name="happened">The event.</param>
    public Span Event(int sequence, ulong unixNano, KuboEvent happened)
    {
        var attributes = new List<(string, AttributeValue)>(5) { (KuboEventNames.Sequence, sequence) };
        if (happened.Peer.Length > 0)
        {
            attributes.Add((KuboEventNames.Peer, happened.Peer));
        }

        if (!happened.Responses.IsEmpty)
        {
            attributes.Add((KuboEventNames.Responses, Texts(happened.Responses, static response => response.Id)));
            if (happened.Responses.Any(static response => response.Addresses.Length > 0))
            {
                attributes.Add((KuboEventNames.Addresses, Texts(happened.Responses, static response => response.Addresses)));
            }
        }

        if (happened.Extra.Length > 0)
        {
            attributes.Add((KuboEventNames.Extra, happened.Extra));
        }

        return Make(EventId(sequence), rootId, happened.Type.ToString(), SpanKind.Internal, unixNano, unixNano, attributes);
    }

    private static ArrayValue Texts(ImmutableArray<KuboResponse> responses, Func<KuboResponse, string> text) =>
        new([.. responses.Select(response => (AttributeValue)text(response))]);

    private Span Make(
        SpanId id,
        SpanId parent,
        string name,
        SpanKind kind,
        ulong start,
        ulong end,
        IEnumerable<(string Key, AttributeValue Value)> attributes
    ) =>
        new()
        {
            TraceId = traceId,
            SpanId = id,
            ParentSpanId = parent,
            Name = name,
            Kind = kind,
            StartUnixNano = start,
            EndUnixNano = end,
            Attributes = AttributeList.Of(attributes),
            Resource = resource,
            Scope = Scope,
        };

    private SpanId EventId(int sequence)
    {
        Span<byte> identity = stackalloc byte[28];
        traceId.WriteBytes(identity);
        rootId.WriteBytes(identity[16..]);
        BinaryPrimitives.WriteInt32BigEndian(identity[24..], sequence);
        var value = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(identity));
        return new SpanId(value == 0 ? 1 : value);
    }
}
