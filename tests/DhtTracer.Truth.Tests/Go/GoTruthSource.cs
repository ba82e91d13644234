using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>Captures of go-libp2p-kad-dht.</summary>
internal sealed class GoTruthSource : ITruthSource
{
    public string Kind => "go";

    public string Name => "go-libp2p-kad-dht";

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences { Captures = 1 };
        var traces = CaptureReader
            .Spans(capture.Files("spans.*.pb.gz"))
            .GroupBy(static span => span.TraceId)
            .ToDictionary(
                static trace => trace.Key.ToString(),
                static trace => (Spans: trace.ToList(), Made: TraceReconstruction.Reconstruct([.. trace]))
            );
        foreach (var truth in CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).Select(GoTruth.Read))
        {
            // An operation that made no span (Refresh of the table), or whose spans were all lost, has no trace.
            var place = new Place($"{capture.Kind}/{capture.Label}", $"{truth.TraceId} {truth.Label}");
            if (traces.TryGetValue(truth.TraceId, out var trace))
            {
                differences.Operations++;
                Compare(differences, place, truth, trace.Made, trace.Spans);
            }
            else
            {
                differences.Must(place, "trace", truth.TraceId.Length > 0 && truth.SpansExported > 0, false);
            }
        }

        return differences;
    }

    private static void Compare(Differences differences, Place place, GoTruth truth, ReconstructedTrace trace, IReadOnlyList<Span> spans)
    {
        var queries = Queries(truth, trace);
        if (GoOperationComparison.Type(truth.Op) is not { } type || truth.Args.Announce == false)
        {
            return;
        }

        // When its root and what named it were lost, an operation is known by another id, or not at all.
        differences.Must(place, "a query", queries.Count > 0 || truth.Lost > 0, true);
        foreach (var query in queries)
        {
            var at = place with { Trace = $"{place.Trace} {query.Id.SpanId}" };
            differences.Same(at, "type", query.Type == QueryType.Unknown ? null : query.Type, type);
            if (GoOperationComparison.KeyBytes(truth) is { } key)
            {
                differences.Same(at, "key", query.Key?.Bytes, key);
            }

            // With no more lost than this many, a count that is a lower bound cannot be wrong.
            differences.AtMost(at, "missing spans", query.Missing.Spans, truth.Lost);
            var comparison = new GoQueryComparison(differences, at, truth, query, new GoRules(spans, query.Id.SpanId));
            if (Lookup(truth, query) is { } lookup)
            {
                comparison.Lookup(lookup);
            }

            if (truth.Op != "GetPublicKey")
            {
                // What the servers read stands by the key of the truth, which is the peer there and not its record.
                comparison.Requests();
            }
        }

        if (queries is [var only])
        {
            new GoOperationComparison(differences, place, truth, only).Compare(Lookup(truth, only));
        }
    }

    /// <summary>The queries of an operation: several operations can share one trace.</summary>
    private static List<Query> Queries(GoTruth truth, ReconstructedTrace trace)
    {
        var spans = (truth.MethodSpans ?? [])
            .Select(static span => span[(span.LastIndexOf(':') + 1)..])
            .Append(truth.RootSpanId)
            .ToHashSet();
        return [.. trace.Queries.Where(query => spans.Contains(query.Id.SpanId.ToString()))];
    }

    /// <summary>The events of the lookup that asked the same peers; those of a dual node come together.</summary>
    private static GoLookupTruth? Lookup(GoTruth truth, Query query)
    {
        var rows = query.Peers.Where(static peer => peer.Order is not null).Select(static peer => peer.Id).ToHashSet();
        return (truth.LookupEvents ?? [])
            .GroupBy(static happened => happened.Lookup)
            .Select(events => new GoLookupTruth(truth.Self, events))
            .Select(lookup => (Lookup: lookup, Shared: lookup.Spawned.Keys.Count(rows.Contains)))
            .Where(static candidate => candidate.Shared > 0)
            .OrderByDescending(static candidate => candidate.Shared)
            .Select(static candidate => candidate.Lookup)
            .FirstOrDefault();
    }
}
