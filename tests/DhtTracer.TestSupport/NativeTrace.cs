using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport;

/// <summary>Writes the spans that a native node would have emitted for a query, by docs/span-conventions.md: pages are tested on known
/// truth.</summary>
public static class NativeTrace
{
    private static readonly InstrumentationScope Scope = new() { Name = "DhtTracer.Kademlia", Version = "0.1.0" };

    /// <summary>The spans of one query, the root first.</summary>
    public static IReadOnlyList<Span> Of(Query query)
    {
        var resource = new Resource
        {
            Attributes = AttributeList.Of(("service.name", query.Service ?? "dht-tracer"), ("service.instance.id", query.Node ?? "node")),
        };
        var spans = new List<Span>();
        ulong nextId = 0x1000;

        Span Add(
            string name,
            SpanId parent,
            long startNs,
            long? durationNs,
            TraceError? error,
            IEnumerable<(string, AttributeValue?)> attributes,
            SpanId? id = null
        )
        {
            var all = error is null
                ? attributes
                : attributes.Append(("dht.error.class", Text(error.Class))).Append(("dht.error.text", Text(error.Text)));
            var start = query.StartUnixNano + (ulong)startNs;
            var span = new Span
            {
                TraceId = query.Id.TraceId,
                SpanId = id ?? new SpanId(nextId++),
                ParentSpanId = parent,
                Name = name,
                Kind = name is "dht.dial" or "dht.request" ? SpanKind.Client : SpanKind.Internal,
                StartUnixNano = start,
                EndUnixNano = durationNs is { } duration ? start + (ulong)duration : 0,
                Attributes = AttributeList.Of(all.Where(pair => pair.Item2 is not null).Select(pair => (pair.Item1, pair.Item2!))),
                Status = error is null ? null : new SpanStatus(StatusCode.Error, error.Text ?? ""),
                Resource = resource,
                Scope = Scope,
            };
            spans.Add(span);
            return span;
        }

        if (query.Outcome != QueryOutcome.Incomplete)
        {
            Add(
                "dht.query",
                default,
                0,
                query.DurationNs,
                query.Error,
                [
                    ("dht.query.type", Name(query.Type)),
                    ("dht.query.background", query.Background ? true : null),
                    ("dht.key", Text(query.Key?.Bytes)),
                    ("dht.key.text", Text(query.Key?.Text)),
                    ("dht.node", Text(query.Node)),
                    ("dht.alpha", query.Parameters.Alpha),
                    ("dht.beta", query.Parameters.Beta),
                    ("dht.k", query.Parameters.K),
                    ("dht.query.outcome", Name(query.Outcome)),
                    ("dht.query.termination", query.Termination is { } why ? Text(Name(why)) : null),
                    ("dht.query.discovery_ns", query.DiscoveryNs),
                    ("dht.query.results", query.Counts.Results),
                ],
                query.Id.SpanId
            );
        }

        foreach (var peer in query.Peers)
        {
            var heard = peer.HeardNs ?? 0;
            var span = Add(
                "dht.peer",
                query.Id.SpanId,
                heard,
                Math.Max(0, (query.DurationNs ?? 0) - heard),
                null,
                [
                    ("dht.peer.id", peer.Id),
                    ("dht.peer.referrer", Text(peer.Referrer)),
                    ("dht.peer.hops", peer.Hops),
                    ("dht.peer.xor", peer.Xor),
                    ("dht.peer.order", peer.Order),
                    ("dht.peer.state", Name(peer.State)),
                    ("dht.peer.agent", Text(peer.Agent)),
                    ("dht.peer.duplicate", peer.Duplicate ? true : null),
                    (
                        "dht.peer.addresses",
                        peer.Addresses.IsEmpty ? null : new ArrayValue([.. peer.Addresses.Select(address => (AttributeValue)address)])
                    ),
                ]
            );
            if (peer.Dial is { Reused: true, DurationNs: 0, Error: null } open)
            {
                // No attempt: an event of the peer.
                spans[^1] = span with
                {
                    Events =
                    [
                        new SpanEvent
                        {
                            Name = "dht.dial",
                            TimeUnixNano = query.StartUnixNano + (ulong)open.StartNs,
                            Attributes = AttributeList.Of(("dht.dial.reused", true)),
                        },
                    ],
                };
            }
            else if (peer.Dial is { } dial)
            {
                Add(
                    "dht.dial",
                    span.SpanId,
                    dial.StartNs,
                    dial.DurationNs,
                    dial.Error,
                    [("dht.peer.id", peer.Id), ("dht.dial.reused", dial.Reused is { } reused ? reused : null), ("network.transport", "tcp")]
                );
            }

            foreach (var request in peer.Requests)
            {
                Add(
                    "dht.request",
                    span.SpanId,
                    request.StartNs.GetValueOrDefault(),
                    request.DurationNs,
                    request.Error,
                    [
                        ("dht.peer.id", peer.Id),
                        ("dht.message.type", Name(request.Type)),
                        ("dht.request.outcome", Name(request.Outcome)),
                        (
                            "dht.closer_peers",
                            request.Named.IsDefault ? null : new ArrayValue([.. request.Named.Select(id => (AttributeValue)id)])
                        ),
                        (
                            "dht.provider_peers",
                            request.Providers > 0
                                ? new ArrayValue([
                                    .. Enumerable
                                        .Range(0, request.Providers.Value)
                                        .Select(i => (AttributeValue)(i == 0 ? peer.Id : $"{peer.Id}-{i}")),
                                ])
                                : null
                        ),
                        ("dht.record", request.Records is { } records ? records > 0 : null),
                    ]
                );
            }
        }

        return spans;
    }

    private static AttributeValue? Text(string? text) => text is null ? null : new StringValue(text);

    private static string Name<T>(T value)
        where T : struct, Enum => Words.Of(value);
}
