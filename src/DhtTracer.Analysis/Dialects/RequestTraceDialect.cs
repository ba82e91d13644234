using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Spans of an imported IPFS Request Trace, as <see cref="RequestTraceSpans"/> makes them.</summary>
internal sealed class RequestTraceDialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        var own = Enumerable.Range(0, trace.Spans.Length).Where(index => IsOwn(trace[index])).ToList();
        if (own.Count == 0)
        {
            return;
        }

        // The program's own spans tell more than a file that was made of them.
        var recorded = new HashSet<SpanId>();
        foreach (var span in trace.Spans)
        {
            if (!IsOwn(span))
            {
                recorded.Add(span.SpanId);
                recorded.Add(span.ParentSpanId);
            }
        }

        var children = own.ToLookup(index => trace[index].ParentSpanId);
        foreach (var index in own)
        {
            if (trace[index].Text(RequestTraceNames.Request) is not { } text)
            {
                continue;
            }

            using var json = Parse(text);
            var request = RequestTraceReader.Request(json.RootElement, trace[index].TraceId);
            var lookups = children[trace[index].SpanId]
                .Select(child => Lookup(trace, child, children[trace[child].SpanId], request))
                .OfType<ReadLookup>()
                .OrderBy(static lookup => lookup.Query.StartUnixNano)
                .ThenBy(static lookup => lookup.Query.Id.SpanId)
                .ToList();
            if (!recorded.Contains(request.Id.SpanId) && !lookups.Exists(lookup => recorded.Contains(lookup.Query.Id.SpanId)))
            {
                lookups.ForEach(lookup => drafts.Add(lookup.Query));
                drafts.Add(Complete(request, lookups));
            }
        }
    }

    private static bool IsOwn(Span span) => span.ScopeName() == RequestTraceNames.Scope;

    private static ReadLookup? Lookup(TraceSpans trace, int index, IEnumerable<int> children, Operation request)
    {
        if (trace[index].Text(RequestTraceNames.Lookup) is not { } text)
        {
            return null;
        }

        using var json = Parse(text);
        var peers = new List<JsonDocument>();
        try
        {
            foreach (
                var peer in children
                    .Where(child => trace[child].Text(RequestTraceNames.Peer) is not null)
                    .OrderBy(child => trace[child].Integer(RequestTraceNames.Number))
            )
            {
                peers.Add(Parse(trace[peer].Text(RequestTraceNames.Peer)!));
            }

            var lookup = RequestTraceReader.Lookup(json.RootElement, [.. peers.Select(static peer => peer.RootElement)], request);
            var lost = (trace[index].Count(RequestTraceNames.Peers) ?? peers.Count) - peers.Count;
            return new ReadLookup(
                lost > 0 ? lookup with { Missing = lookup.Missing with { Spans = lookup.Missing.Spans + lost } } : lookup,
                RequestTraceReader.IsPlain(json.RootElement)
            );
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    /// <summary>An operation with its queries. What a request of plain lookups leaves out follows from them.</summary>
    private static Operation Complete(Operation request, List<ReadLookup> lookups)
    {
        request = request with
        {
            Queries =
            [
                .. lookups
                    .Select(static lookup => lookup.Query)
                    .Select(static query => new OperationQuery(query.Id, query.Side, query.Skipped, query.Outcome, query.DurationNs)),
            ],
        };
        if (lookups.Count == 0 || lookups.Exists(static lookup => !lookup.IsPlain))
        {
            return request;
        }

        var made = OperationOfQueries.Make(request.Id, [.. lookups.Select(static lookup => lookup.Query)]);
        return request with
        {
            Decisive = request.Decisive ?? made.Decisive,
            Outcome = request.Outcome == QueryOutcome.Unknown ? made.Outcome : request.Outcome,
            DiscoveryNs = request.DiscoveryNs ?? (SpanReading.Nanoseconds(request.StartUnixNano, made.StartUnixNano) + made.DiscoveryNs),
        };
    }

    private static JsonDocument Parse(string text)
    {
        var json = JsonDocument.Parse(text);
        return json.RootElement.ValueKind == JsonValueKind.Object
            ? json
            : throw new JsonException("A part of an IPFS Request Trace is not an object.");
    }

    /// <param name="Query">The lookup.</param>
    /// <param name="IsPlain">Whether its writer left the counting to the reader.</param>
    private sealed record ReadLookup(Query Query, bool IsPlain);
}
