using System.Collections.Immutable;
using DhtTracer.Traces;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.Analysis;

/// <summary>
/// Joins an operation that came both as a Kubo's spans and as its query events, in one trace. Times, sides and outcomes are those of the
/// spans; from the events come the closer peers in the answers of a provider lookup, for which the spans hold the providers instead. The
/// joined operation has the id of the spans.
/// </summary>
public static class KuboEventsJoin
{
    /// <summary>On a GetProviders span whose closer peers were put back.</summary>
    private const string RestoredFrom = "dht-tracer.closest_peers_from";

    private const string ClosestPeers = "closestPeers";

    /// <summary>Puts the closer peers of provider lookups back into their spans. A trace without query events stays as it is.</summary>
    /// <param name="merged">The spans of one trace, each once.</param>
    internal static ImmutableArray<Span> Restore(ImmutableArray<Span> merged)
    {
        if (!merged.Any(static span => span.Scope.Name == KuboEventNames.Scope))
        {
            return merged;
        }

        var answers = merged
            .Where(static span => span.ScopeName() == KuboEventNames.Scope && span.Name == nameof(KuboEventType.PeerResponse))
            .OrderBy(static span => span.ParentSpanId)
            .ThenBy(static span => span.Count(KuboEventNames.Sequence))
            .GroupBy(static span => span.Text(KuboEventNames.Peer) ?? "")
            .ToDictionary(static group => group.Key, static group => group.ToList());
        var requests = merged
            .Select(static (span, index) => (Span: span, Index: index))
            .Where(static item =>
                GoSpans.Kind(item.Span) == GoSpanKind.Message
                && GoSpans.Message(item.Span) == MessageType.GetProviders
                && item.Span.EndUnixNano != 0
                && !item.Span.IsError()
            )
            .GroupBy(static item => item.Span.Text("to") ?? "");
        var restored = merged.ToBuilder();
        foreach (var ofPeer in requests)
        {
            // The answers of one peer come in the order in which its requests end. More answers than requests: spans are missing.
            if (!answers.TryGetValue(ofPeer.Key, out var told) || told.Count > ofPeer.Count())
            {
                continue;
            }

            foreach (var (item, answer) in ofPeer.OrderBy(static item => item.Span.EndUnixNano).Zip(told))
            {
                restored[item.Index] = WithClosest(item.Span, answer);
            }
        }

        return restored.ToImmutable();
    }

    /// <summary>Whether the closer peers of a GetProviders span are those of the answer.</summary>
    internal static bool IsRestored(Span span) => span.Attributes[RestoredFrom] is not null;

    /// <summary>Takes the events' operation out where the spans tell of the same one, and marks that as joined.</summary>
    internal static ReconstructedTrace Join(ReconstructedTrace trace)
    {
        foreach (var told in trace.Operations.Where(static operation => operation.Source == TraceSource.KuboEvents))
        {
            if (trace.Operations.FirstOrDefault(operation => IsSame(operation, told)) is { } spans)
            {
                trace = Join(trace, spans, told);
            }
        }

        return trace;
    }

    /// <summary>
    /// Where the page of a stream of query events has moved to, when the daemon's spans of the same operation came too: the query that gave
    /// the answer. Null when the id is of no such stream, or it was not joined.
    /// </summary>
    /// <param name="id">Permalink of the stream.</param>
    /// <param name="spans">The spans of its trace.</param>
    /// <param name="queries">The queries of its trace.</param>
    public static QueryId? MovedTo(QueryId id, IEnumerable<Span> spans, IEnumerable<Query> queries)
    {
        var joined = queries.Where(static query => query.Source == TraceSource.GoKadDhtAndKuboEvents).ToList();
        return joined.Count > 0 && spans.Any(span => span.SpanId == id.SpanId && span.ScopeName() == KuboEventNames.Scope)
            ? (
                joined.Find(static query => query.Outcome == QueryOutcome.Success)
                ?? joined.Find(static query => !query.Skipped)
                ?? joined[0]
            ).Id
            : null;
    }

    private static bool IsSame(Operation operation, Operation told) =>
        operation is { Source: TraceSource.GoKadDht, Background: false }
        && operation.Type == told.Type
        && told.Key is not null
        && operation.Key?.KadId == told.Key.KadId;

    private static ReconstructedTrace Join(ReconstructedTrace trace, Operation spans, Operation told)
    {
        var joined = spans with { Source = TraceSource.GoKadDhtAndKuboEvents, Node = told.Node ?? spans.Node };
        if (spans.Outcome == QueryOutcome.Incomplete && told.Outcome != QueryOutcome.Incomplete)
        {
            // Spans of its end are still to come, or were lost; the caller has got this.
            joined = joined with
            {
                Outcome = told.Outcome,
                Error = told.Error,
                Results = told.Results,
            };
        }

        return trace with
        {
            Operations =
            [
                .. trace
                    .Operations.Where(operation => operation.Id != told.Id)
                    .Select(operation => operation.Id == spans.Id ? joined : operation),
            ],
            Queries =
            [
                .. trace
                    .Queries.Where(query => query.OperationId != told.Id)
                    .Select(query =>
                        query.OperationId == spans.Id && query.Source == TraceSource.GoKadDht
                            ? query with
                            {
                                Source = TraceSource.GoKadDhtAndKuboEvents,
                                Node = told.Node ?? query.Node,
                            }
                            : query
                    ),
            ],
        };
    }

    private static Span WithClosest(Span request, Span answer)
    {
        var ids = answer.Strings(KuboEventNames.Responses) ?? [];
        var addresses = answer.Strings(KuboEventNames.Addresses) ?? [];
        var closest = ids.Select((id, index) => (AttributeValue)$"{{{id}: [{(index < addresses.Count ? addresses[index] : "")}]}}")
            .ToImmutableArray();
        return request with
        {
            Attributes = AttributeList.Of(
                request
                    .Attributes.Where(static attribute => attribute.Key != ClosestPeers)
                    .Select(static attribute => (attribute.Key, attribute.Value))
                    .Append((ClosestPeers, new ArrayValue(closest)))
                    .Append((RestoredFrom, Words.Of(TraceSource.KuboEvents)))
            ),
        };
    }
}
