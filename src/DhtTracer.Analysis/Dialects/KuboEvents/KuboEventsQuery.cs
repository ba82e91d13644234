using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>Builds the query of one stream of query events.</summary>
/// <param name="stream">The stream.</param>
internal sealed class KuboEventsQuery(KuboEventStream stream)
{
    private readonly QueryType _type = Words.TryParse<QueryType>(stream.Root?.Text(KuboEventNames.Type), out var told)
        ? told
        : QueryType.Unknown;

    public Query Build()
    {
        var key = KeyOf(stream.Root?.Text(KuboEventNames.Key), _type);
        var node = PeerText.OrNull(Any.Resource.Attributes.GetString("service.instance.id")) ?? DialedItself();
        var lookup = new LookupBuilder(
            key?.KadId,
            node,
            stream.Events.Any(static happened => happened.Name == nameof(KuboEventType.DialingPeer))
        );
        new KuboEventsPeers(stream, lookup, Message()).Read();
        var hearing = new KuboEventsHearing(lookup, key?.KadId);
        hearing.Hear();
        var results = new KuboEventsResults(stream, lookup, _type, key?.Key.Text);
        var query = lookup.Build(
            new Query
            {
                Id = stream.Id,
                OperationId = stream.Id,
                Type = _type,
                Key = key?.Key,
                Source = TraceSource.KuboEvents,
                Service = Any.Resource.ServiceName,
                Node = node,
                StartUnixNano = stream.StartUnixNano,
                DurationNs = stream is { IsTimed: true, Root.EndUnixNano: not 0 and var end }
                    ? SpanReading.Nanoseconds(stream.StartUnixNano, end)
                    : null,
                Outcome = results.Outcome,
                Error = results.Error,
                DiscoveryNs = results.DiscoveryNs,
                DiscoveredBy = results.DiscoveredBy,
                Counts = new QueryCounts { Results = results.Count },
            }
        );
        query = query with
        {
            Hops = hearing.Greatest(),
            Counts = query.Counts with { SeenComplete = hearing.IsWhole },
            Peers =
            [
                .. query.Peers.Select(peer =>
                    peer with
                    {
                        HopsAtLeast = hearing.AtLeast.TryGetValue(peer.Id, out var least) ? least : null,
                    }
                ),
            ],
        };
        query = KuboConnectedPeers.Of(stream.Root).AddTo(query);
        return stream.IsTimed ? query : WithoutTimes(query);
    }

    /// <summary>The key, as written by the user or by the stream.</summary>
    public static TargetKey? KeyOf(string? text, QueryType type) =>
        type switch
        {
            QueryType.FindPeer => TargetKey.OfPeer(text),
            QueryType.GetProviders or QueryType.AddProvider => TargetKey.OfCid(text),
            QueryType.GetValue or QueryType.PutValue => TargetKey.OfRecord(text, type),
            QueryType.GetClosestPeers => TargetKey.OfPeer(text) ?? TargetKey.OfCid(text),
            _ => TargetKey.OfCid(text) ?? TargetKey.OfPeer(text) ?? TargetKey.OfRecord(text, type),
        };

    private Span Any => stream.Root ?? stream.Events[0];

    private MessageType Message() =>
        _type switch
        {
            QueryType.GetProviders => MessageType.GetProviders,
            QueryType.GetValue => MessageType.GetValue,
            _ => MessageType.FindNode,
        };

    /// <summary>
    /// The peer id of the node. Answers also name the querying node, which then fails to dial itself; this failure shows its peer id.
    /// </summary>
    private string? DialedItself() =>
        stream.Events.FirstOrDefault(static happened =>
            happened.Name == nameof(KuboEventType.QueryError)
            && happened.Text(KuboEventNames.Extra)?.Contains("dial to self attempted", StringComparison.Ordinal) == true
        )
            is { } itself
            ? PeerText.OrNull(itself.Text(KuboEventNames.Peer))
            : null;

    /// <summary>Removes the positions that stood in for times; order, answers and outcomes stay.</summary>
    private static Query WithoutTimes(Query query) =>
        query with
        {
            DiscoveryNs = null,
            FirstAnswerNs = null,
            Peers =
            [
                .. query.Peers.Select(static peer =>
                    peer with
                    {
                        HeardNs = null,
                        Dial = null,
                        Requests = ImmutableArray.CreateRange(
                            peer.Requests,
                            static request => request with { StartNs = null, DurationNs = null, EndNs = null }
                        ),
                    }
                ),
            ],
        };
}
