using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Builds one query of the 2019 log.</summary>
/// <param name="spans">Its spans, sorted by time.</param>
/// <param name="rootId">Id of the root.</param>
internal sealed class EventLog2019Query(List<Span> spans, SpanId rootId)
{
    private readonly Span? _root = spans.Find(span => span.SpanId == rootId);

    public Query Build()
    {
        var start = _root?.StartUnixNano ?? spans.Min(static span => span.StartUnixNano);
        var logged = _root?.Text(EventLogNames.Key);
        var type = Type(logged);
        var key = EventLogKeys.Parse(logged, FoundPeer(), type);
        var node = PeerText.OrNull(_root?.Text(EventLogNames.Node));
        var lookup = new LookupBuilder(key?.KadId, node, DialsKnown());
        new EventLog2019Peers(lookup, spans, start, type).Read();
        var succeeded = spans.Find(static span => span.Name == EventLogNames.RequestResult && span.Boolean(EventLogNames.Success) == true);
        return lookup.Build(
            new Query
            {
                Id = new QueryId(spans[0].TraceId, rootId),
                OperationId = new QueryId(spans[0].TraceId, rootId),
                Type = type,
                Key = key?.Key,
                Source = TraceSource.EventLog2019,
                Service = spans[0].Resource.ServiceName,
                Node = node,
                StartUnixNano = start,
                DurationNs = _root is { EndUnixNano: not 0 } ? SpanReading.Nanoseconds(start, _root.EndUnixNano) : null,
                Outcome = Outcome(type),
                DiscoveryNs = succeeded is null ? null : SpanReading.Nanoseconds(start, succeeded.StartUnixNano),
                Parameters = new QueryParameters(_root?.Count(EventLogNames.Concurrency), null, null),
                Counts = new QueryCounts { Results = Results(type) },
            }
        );
    }

    /// <summary>
    /// The runner reports success of a find-peer. Without that report, a find-peer that ended found nothing. For other queries the runner
    /// does not report a result, only that they ran to their end.
    /// </summary>
    private QueryOutcome Outcome(QueryType type)
    {
        if (HasSucceeded())
        {
            return QueryOutcome.Success;
        }

        var ended = _root is { EndUnixNano: not 0 } || spans.Exists(static span => span.Name == EventLogNames.RunEnd);
        return !ended ? QueryOutcome.Incomplete
            : type == QueryType.FindPeer ? QueryOutcome.NotFound
            : QueryOutcome.Success;
    }

    /// <summary>
    /// A 2019 runner dials before it asks. A log with requests but no dial was made from a trace that does not show dials.
    /// </summary>
    private bool DialsKnown() =>
        spans.Exists(static span =>
            span.Name is EventLogNames.Dialing or EventLogNames.DialSuccess or EventLogNames.DialFailure or EventLogNames.AlreadyConnected
        )
        || !spans.Exists(static span => span.Name is EventLogNames.RequestStart or EventLogNames.RequestResult or EventLogNames.RequestEnd);

    private int? Results(QueryType type) =>
        type != QueryType.FindPeer ? null
        : HasSucceeded() ? 1
        : Outcome(type) == QueryOutcome.NotFound ? 0
        : null;

    private bool HasSucceeded() =>
        spans.Exists(static span => span.Boolean(EventLogNames.RunnerSuccess) == true || span.Boolean(EventLogNames.Success) == true);

    private string? FoundPeer() =>
        spans.Select(static span => span.Text(EventLogNames.FoundPeer)).FirstOrDefault(static found => found is not null);

    /// <summary>
    /// The log's type is often empty; then the messages decide. FIND_NODE with a peer id as key is a find-peer. Without messages, the key's
    /// namespace decides as far as it can.
    /// </summary>
    private QueryType Type(string? logged)
    {
        if (Words.TryParse<QueryType>(_root?.Text(EventLogNames.Type), out var type))
        {
            return type;
        }

        var sent = spans
            .Where(static span => span.Name == EventLogNames.SentMessage)
            .Select(static span => MessageTypes.Parse(span.Text(EventLogNames.MessageType)))
            .ToHashSet();
        if (sent.Contains(MessageType.AddProvider))
        {
            return QueryType.AddProvider;
        }

        if (sent.Contains(MessageType.GetProviders))
        {
            return QueryType.GetProviders;
        }

        if (sent.Contains(MessageType.PutValue))
        {
            return QueryType.PutValue;
        }

        if (sent.Contains(MessageType.GetValue) || EventLogKeys.IsRecord(logged))
        {
            return QueryType.GetValue;
        }

        return FoundPeer() is not null || TargetKey.OfPeer(EventLogKeys.LastPart(logged)) is not null
            ? QueryType.FindPeer
            : QueryType.GetClosestPeers;
    }
}
