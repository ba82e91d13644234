using DhtTracer.Analysis.Dialects.RustLogs;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Dialects.Litep2p;

/// <summary>Builds one query of a litep2p log.</summary>
/// <param name="spans">Its spans.</param>
internal sealed class Litep2pQuery(LogSpans spans)
{
    private readonly QueryType _type = spans.Root?.Text(RustLogNames.Kind) switch
    {
        // litep2p's find_node returns the closest peers to a peer id, even when no such peer exists.
        "FIND_NODE" => QueryType.GetClosestPeers,
        "GET_VALUE" => QueryType.GetValue,
        "GET_PROVIDERS" => QueryType.GetProviders,
        "PUT_VALUE" => QueryType.PutValue,
        "ADD_PROVIDER" => QueryType.AddProvider,
        _ => spans.GivenType ?? QueryType.Unknown,
    };

    /// <summary>Builds the query.</summary>
    public Query Build()
    {
        var key = spans.Key(_type);
        var node = PeerText.OrNull(spans.Root?.Text(RustLogNames.Node));
        var lookup = new LookupBuilder(key?.KadId, node, dialsKnown: spans.Root is not null && !spans.IsOrderOnly);
        var reading = new LogLookup(lookup, spans, MessageType.Unknown);
        reading.Read();
        var duration = spans.Last(RustLogNames.Succeeded) ?? spans.Last(RustLogNames.Failed);
        var outcome = Outcome(lookup);
        var first = outcome == QueryOutcome.Success ? reading.Carrying().FirstOrDefault() : null;
        var query = lookup.Build(
            new Query
            {
                Id = new QueryId(spans.Any.TraceId, spans.RootId),
                OperationId = new QueryId(spans.Any.TraceId, spans.RootId),
                Background = spans.Root?.Boolean(RustLogNames.Background) == true,
                Type = _type,
                Key = key?.Key,
                Source = TraceSource.Litep2p,
                Service = spans.Any.Resource.ServiceName,
                Node = node,
                StartUnixNano = spans.StartUnixNano,
                DurationNs = duration,
                Outcome = outcome,
                Error = outcome == QueryOutcome.Failed ? new TraceError(ErrorClass.Other, "query failed") : null,
                DiscoveryNs = outcome == QueryOutcome.Success ? Discovery(lookup, key?.KadId, first) : null,
                DiscoveredBy = first?.Peer.Id,
                Counts = new QueryCounts { Results = Results(lookup, reading, duration) },
            }
        );
        query = query with
        {
            Counts = query.Counts with
            {
                SeenComplete = reading.SeedsKnown,
                Sent = _type == QueryType.AddProvider ? Count(lookup, RequestOutcome.Sent, null) : null,
            },
        };
        return LogUnknowns.OnlyKnown(query, spans, reading.AllAsked);
    }

    /// <summary>A get fails when it found nothing, a search when it found no peer, and a store when it missed its quorum.</summary>
    private QueryOutcome Outcome(LookupBuilder lookup)
    {
        if (spans.Count(RustLogNames.Succeeded) > 0)
        {
            return QueryOutcome.Success;
        }

        if (spans.Count(RustLogNames.Failed) == 0)
        {
            return QueryOutcome.Incomplete;
        }

        return
            _type is QueryType.GetValue or QueryType.GetProviders
            && lookup.Requests.Any(static request => request.Outcome == RequestOutcome.Answered)
            ? QueryOutcome.NotFound
            : QueryOutcome.Failed;
    }

    /// <summary>Number of results for the caller; answers after the end do not count.</summary>
    private int? Results(LookupBuilder lookup, LogLookup reading, long? duration) =>
        duration is not { } end
            ? null
            : _type switch
            {
                QueryType.GetClosestPeers => spans.Root?.Count(RustLogNames.Results) ?? 0,
                QueryType.GetValue => reading.Carrying().Count(answer => answer.AnswerNs <= end),
                QueryType.GetProviders => reading.Providers.Values.Count(answer => answer.AnswerNs <= end),
                QueryType.PutValue => lookup.Requests.Count(request => request.Type == MessageType.PutValue && request.AnswerNs <= end),
                QueryType.AddProvider => Count(lookup, RequestOutcome.Sent, end),
                _ => null,
            };

    private static int Count(LookupBuilder lookup, RequestOutcome outcome, long? until) =>
        lookup.Requests.Count(request => request.Outcome == outcome && (until is null || request.EndNs <= until));

    private long? Discovery(LookupBuilder lookup, KadId? target, RequestDraft? first) =>
        _type switch
        {
            QueryType.GetValue or QueryType.GetProviders => first?.AnswerNs,
            QueryType.PutValue => LookupDiscovery.LastHeard(lookup, MessageType.PutValue),
            QueryType.AddProvider => LookupDiscovery.LastHeard(lookup, MessageType.AddProvider),
            QueryType.GetClosestPeers when target is { } to && spans.Root?.Count(RustLogNames.Results) is { } count =>
                LookupDiscovery.AllHeard(
                    lookup,
                    lookup
                        .Peers.Where(static peer => peer.Requests.Any(static request => request.Outcome == RequestOutcome.Answered))
                        .Where(static peer => peer.KadId is not null)
                        .OrderBy(static peer => PeerText.KadId(peer.Id)!.Value, Comparer<KadId>.Create(to.CompareDistance))
                        .Take(count)
                        .Select(static peer => peer.Id)
                ),
            _ => null,
        };
}
