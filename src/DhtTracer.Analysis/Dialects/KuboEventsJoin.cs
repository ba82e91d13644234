using System.Collections.Immutable;
using DhtTracer.Analysis.Dialects.Go;
using DhtTracer.Analysis.Dialects.KuboEvents;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>
/// Joins an operation that arrived both as Kubo's spans and as its query events. Times, sides and outcomes come from the spans. The events
/// add the closer peers in the answers of a provider lookup, where the spans hold the providers instead. The joined operation has the id of
/// the spans. The events are in the trace of the spans if their reader sent a <c>traceparent</c>. Otherwise the archive finds them in
/// another trace, and <see cref="TraceLinks"/> puts them below their operation.
/// </summary>
internal static class KuboEventsJoin
{
    /// <summary>Attribute of a GetProviders span whose closer peers were restored from the events.</summary>
    private const string RestoredFrom = "dht-tracer.closest_peers_from";

    private const string ClosestPeers = "closestPeers";

    /// <summary>Restores the closer peers in the spans of provider lookups. Without query events the trace does not change.</summary>
    /// <param name="merged">The spans of one trace, each once.</param>
    internal static ImmutableArray<Span> Restore(ImmutableArray<Span> merged)
    {
        if (!merged.Any(static span => span.Scope.Name == KuboEventNames.Scope))
        {
            return merged;
        }

        var trace = new TraceSpans(merged);
        var restored = merged.ToBuilder();
        foreach (var stream in KuboEventStream.Find(trace))
        {
            Restore(trace, stream, restored);
        }

        return restored.ToImmutable();
    }

    private static void Restore(TraceSpans trace, KuboEventStream stream, ImmutableArray<Span>.Builder restored)
    {
        var answers = stream
            .Events.Where(static span => span.Name == nameof(KuboEventType.PeerResponse))
            .GroupBy(static span => span.Text(KuboEventNames.Peer) ?? "")
            .ToDictionary(static group => group.Key, static group => group.ToList());
        var requests = Scope(trace, stream).Where(index => IsAnswered(trace[index])).GroupBy(index => trace[index].Text("to") ?? "");
        foreach (var ofPeer in requests)
        {
            // A peer's answers come in the order in which its requests end. If there are more answers than requests, spans are missing.
            if (!answers.TryGetValue(ofPeer.Key, out var told) || told.Count > ofPeer.Count())
            {
                continue;
            }

            foreach (var (index, answer) in ofPeer.OrderBy(index => trace[index].EndUnixNano).Zip(told))
            {
                restored[index] = WithClosest(trace[index], answer);
            }
        }
    }

    /// <summary>The spans that a stream can describe: those below the operation that the stream is attached to, or else all.</summary>
    private static IEnumerable<int> Scope(TraceSpans trace, KuboEventStream stream)
    {
        if (stream.Root is { ParentSpanId: var above } && trace.Find(above) is var operation and not TraceSpans.None)
        {
            var below = new List<int>();
            trace.Collect(operation, below);
            return below;
        }

        return Enumerable.Range(0, trace.Spans.Length);
    }

    private static bool IsAnswered(Span span) =>
        GoSpans.Kind(span) == GoSpanKind.Message
        && GoSpans.Message(span) == MessageType.GetProviders
        && span.EndUnixNano != 0
        && !span.IsError();

    /// <summary>Whether the closer peers of a GetProviders span were restored from the events.</summary>
    internal static bool IsRestored(Span span) => span.Attributes[RestoredFrom] is not null;

    /// <summary>Removes the events' operation if the spans hold the same operation, and marks that one as joined.</summary>
    internal static ReconstructedTrace Join(ReconstructedTrace found, TraceSpans trace)
    {
        foreach (var stream in found.Streams)
        {
            var told = found.Operations.FirstOrDefault(operation => operation.Id == stream.Id);
            if (told is not null && found.Operations.FirstOrDefault(operation => IsSame(operation, told, Above(trace, told))) is { } spans)
            {
                found = Join(found, spans, told) with { Streams = found.Streams.Replace(stream, stream with { JoinedTo = spans.Id }) };
            }
        }

        return found;
    }

    /// <summary>The operation that the stream is attached to; zero when there is none.</summary>
    private static SpanId Above(TraceSpans trace, Operation told) =>
        trace.Find(told.Id.SpanId) is var root and not TraceSpans.None ? trace[root].ParentSpanId : default;

    private static bool IsSame(Operation operation, Operation told, SpanId above) =>
        operation is { Source: TraceSource.GoKadDht, Background: false }
        && operation.Type == told.Type
        && told.Key is not null
        && operation.Key?.KadId == told.Key.KadId
        && (above.IsZero || operation.Id.SpanId == above);

    private static ReconstructedTrace Join(ReconstructedTrace trace, Operation spans, Operation told)
    {
        var joined = spans with { Source = TraceSource.GoKadDhtAndKuboEvents, Node = told.Node ?? spans.Node };
        if (spans.Outcome == QueryOutcome.Incomplete && told.Outcome != QueryOutcome.Incomplete)
        {
            // The spans of its end are lost or still to come, but the caller already had this result.
            joined = joined with
            {
                Outcome = told.Outcome,
                Error = told.Error,
                Results = told.Results,
            };
        }

        var connected = KuboConnectedPeers.Of(trace.Queries.Where(query => query.OperationId == told.Id));
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
                            ? connected.AddTo(query) with
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
