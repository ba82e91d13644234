using DhtTracer.Analysis.Dialects.RustLogs;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Dialects.RustLibp2p;

/// <summary>
/// Logs of rust-libp2p, as spans of <see cref="RustLogReader"/>: one trace for each query. See <c>docs/dialects/rust.md</c>.
/// </summary>
internal sealed class RustLibp2pDialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        foreach (var spans in LogSpans.Find(trace, RustLogNames.RustLibp2pScope))
        {
            var query = Build(spans);
            drafts.Add(query);
            if (query.Background)
            {
                drafts.Add(OperationOfQueries.Make(query.Id, [query]) with { BackgroundKind = BackgroundKind.Bootstrap });
            }
        }
    }

    private static Query Build(LogSpans spans)
    {
        var background = spans.Root?.Boolean(RustLogNames.Background) == true;
        var isGet = spans.Root?.Text(RustLogNames.Kind) == "GET_VALUE" || spans.GivenType == QueryType.GetValue;
        var type =
            isGet ? QueryType.GetValue
            : background ? QueryType.GetClosestPeers
            : spans.GivenType ?? QueryType.Unknown;
        var key = spans.Key(type);
        var node = PeerText.OrNull(spans.Root?.Text(RustLogNames.Node));
        var lookup = new LookupBuilder(key?.KadId, node, dialsKnown: false);
        var reading = new LogLookup(lookup, spans, Message(type, spans));
        reading.Read();
        if (isGet)
        {
            // "Record not found at source" comes before each answer without a record, so every other answer has a record.
            foreach (var request in lookup.Requests.Where(static request => request.Outcome == RequestOutcome.Answered))
            {
                request.Records ??= 1;
            }
        }

        var query = lookup.Build(
            new Query
            {
                Id = new QueryId(spans.Any.TraceId, spans.RootId),
                OperationId = new QueryId(spans.Any.TraceId, spans.RootId),
                Background = background,
                Type = type,
                Key = key?.Key,
                Source = TraceSource.RustLibp2p,
                Service = spans.Any.Resource.ServiceName,
                Node = node,
                StartUnixNano = spans.StartUnixNano,
                Outcome = Outcome(spans, lookup, type),
                DiscoveredBy = isGet ? reading.Carrying().FirstOrDefault()?.Peer.Id : null,
            }
        );
        query = query with { Counts = query.Counts with { SeenComplete = false } };
        return LogUnknowns.OnlyKnown(query, spans, reading.AllAsked);
    }

    /// <summary>
    /// The log shows that a query ran to its end. Its result is known only in three cases: a get-value, because the log shows its answers
    /// without a record; a search for the closest peers; and a query that nobody answered.
    /// </summary>
    private static QueryOutcome Outcome(LogSpans spans, LookupBuilder lookup, QueryType type)
    {
        if (spans.Count(RustLogNames.TimedOut) > 0)
        {
            return QueryOutcome.TimedOut;
        }

        if (spans.Count(RustLogNames.Finished) == 0)
        {
            return QueryOutcome.Incomplete;
        }

        var answers = lookup.Requests.Where(static request => request.Outcome == RequestOutcome.Answered).ToList();
        return answers.Count == 0
            ? QueryOutcome.NotFound
            : type switch
            {
                QueryType.GetValue => answers.Exists(static answer => answer.Records > 0) ? QueryOutcome.Success : QueryOutcome.NotFound,
                QueryType.GetClosestPeers => QueryOutcome.Success,
                _ => QueryOutcome.Unknown,
            };
    }

    private static MessageType Message(QueryType type, LogSpans spans) =>
        type switch
        {
            QueryType.GetValue => MessageType.GetValue,
            QueryType.GetProviders => MessageType.GetProviders,

            // A put and a provide first look for peers; what they send afterwards is not logged. A bootstrap sends only FIND_NODE.
            QueryType.PutValue or QueryType.AddProvider or QueryType.FindPeer or QueryType.GetClosestPeers => MessageType.FindNode,
            _ => spans.Count(RustLogNames.Finished) > 1 ? MessageType.FindNode : MessageType.Unknown,
        };
}
