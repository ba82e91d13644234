using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Rust;

/// <summary>
/// Spans of an adapter for rust-libp2p against what both ends of each request saw: of the crate in <c>adapters/rust-libp2p</c>, and of its
/// forerunner that wrote the names of go-libp2p-kad-dht.
/// </summary>
/// <param name="name">Name in the table.</param>
/// <param name="file">The file of a capture.</param>
/// <param name="isNative">It has the native names, which tell everything. With Go's names a value can be unknown, never wrong.</param>
internal sealed class AdapterTruthSource(string name, string file, bool isNative) : ITruthSource
{
    /// <summary>Tasks of the node take turns on a busy machine, see <see cref="RustLogTruthSource"/>.</summary>
    private const long Scheduling = 15_000_000;

    public string Kind => "rust";

    public static AdapterTruthSource Native { get; } = new("rust-libp2p, adapter crate", "adapter-native.pb.gz", isNative: true);

    public static AdapterTruthSource GoNames { get; } = new("rust-libp2p, adapter with Go's names", "adapter-go.pb.gz", isNative: false);

    public string Name => name;

    public bool Has(CaptureFolder capture) => File.Exists(capture.File(file));

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences();
        if (!Has(capture))
        {
            return differences;
        }

        differences.Captures++;
        var queries = CaptureReader
            .Spans([capture.File(file)])
            .GroupBy(static span => span.TraceId)
            .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Queries)
            .ToList();
        foreach (var truth in RustTruth.Of(capture))
        {
            differences.Operations++;
            var place = new Place($"rust/{capture.Label}", $"adapter {truth.Label}");
            if (truth.IsBootstrap)
            {
                // Each search of a bootstrap is a query of its own, in the background.
                var searches = queries.Where(query => Overlaps(query, truth)).ToList();
                differences.Must(place, "background", searches.Count > 0 && searches.TrueForAll(static query => query.Background), true);
                continue;
            }

            var found = queries
                .Where(query =>
                    !query.Background && query.Key?.Bytes == truth.Key && Distance(query.StartUnixNano, truth.StartNs) <= Scheduling
                )
                .ToList();
            if (differences.Must(place, "query", found.Count, 1))
            {
                CompareQuery(differences, place, found[0], truth);
            }
        }

        return differences;
    }

    private void CompareQuery(Differences differences, Place place, Query query, RustTruth truth)
    {
        differences.Must(place, "type", query.Type, truth.Type);
        Known(differences, place, "node", query.Node, truth.Node);
        Known(differences, place, "outcome", query.Outcome == QueryOutcome.Unknown ? null : query.Outcome, truth.OfOthers.Outcome);
        differences.Within(place, "duration", query.DurationNs, truth.DurationNs, Scheduling);
        if (truth.OfOthers.Results is { } results)
        {
            Known(differences, place, "results", query.Counts.Results, results);
        }

        foreach (var group in truth.Requests.GroupBy(static request => (request.Peer, request.Type)))
        {
            var (peer, type) = group.Key;
            var ours = query.Peers.FirstOrDefault(row => row.Id == peer)?.Requests.Where(request => request.Type == type).ToList() ?? [];
            CompareRequest(differences, place.Of(peer), query, truth, Assert.Single(group), ours);
        }
    }

    private void CompareRequest(
        Differences differences,
        Place place,
        Query query,
        RustTruth truth,
        RustTruthRequest real,
        List<PeerRequest> ours
    )
    {
        if (real.Type == MessageType.AddProvider)
        {
            // "Sent" means that the stream was agreed to: what arrived was sent.
            differences.Must(place, "provider record", ours.FirstOrDefault()?.Outcome, RequestOutcome.Sent);
        }
        else if (real.Type == MessageType.PutValue)
        {
            // libp2p tells how many took a value, and by name only when a quorum failed.
            var outcome = ours.FirstOrDefault()?.Outcome;
            differences.Must(place, "put", outcome is RequestOutcome.Answered or RequestOutcome.NoAnswer, true);
            differences.Same(place, "put answered", outcome == RequestOutcome.Answered ? true : null, real.ServerSentNs is not null);
        }
        else if (real.AnsweredNs <= truth.EndNs)
        {
            if (differences.Must(place, "answers", ours.Count(static request => request.Outcome == RequestOutcome.Answered), 1))
            {
                CompareAnswer(
                    differences,
                    place,
                    query,
                    truth,
                    real,
                    ours.Single(static request => request.Outcome == RequestOutcome.Answered)
                );
            }
        }
        else if (real.FailedNs <= truth.EndNs)
        {
            differences.Must(place, "failures", ours.Count(static request => request.Outcome == RequestOutcome.Failed), 1);
        }
    }

    private void CompareAnswer(Differences differences, Place place, Query query, RustTruth truth, RustTruthRequest real, PeerRequest ours)
    {
        differences.Within(place, "answered at", ours.EndNs, At(query, real.AnsweredNs!.Value), Scheduling);
        if (real.AskedNs is { } asked)
        {
            differences.Within(place, "asked at", ours.StartNs, At(query, asked), Scheduling);
        }

        var closer = (real.Closer ?? []).Where(id => id != truth.Node).ToHashSet(StringComparer.Ordinal);

        // Under the names of Go the answer to GET_PROVIDERS lists its providers twice, and its closer peers not at all.
        if (!isNative && real.Type == MessageType.GetProviders)
        {
            differences.Same(place, "returned", ours.Returned, closer.Count);
        }
        else if (differences.Must(place, "returned", ours.Returned, closer.Count))
        {
            differences.Must(place, "named", !ours.Named.IsDefault && closer.SetEquals(ours.Named), true);
        }

        if (real.Providers is { } providers)
        {
            // libp2p takes the node itself out of the providers.
            differences.Must(place, "providers", ours.Providers, providers.Where(id => id != truth.Node).Distinct().Count());
        }

        if (real.Record is { } record)
        {
            differences.Must(place, "records", ours.Records, record ? 1 : 0);
        }
    }

    private void Known(Differences differences, Place place, string field, object? ours, object truth)
    {
        if (isNative)
        {
            differences.Must(place, field, ours, truth);
        }
        else
        {
            differences.Same(place, field, ours, truth);
        }
    }

    private static bool Overlaps(Query query, RustTruth truth) =>
        query.StartUnixNano <= truth.EndNs && query.StartUnixNano + (ulong)(query.DurationNs ?? 0) >= truth.StartNs;

    private static long Distance(ulong left, ulong right) => Math.Abs((long)(left - right));

    private static long At(Query query, ulong time) => (long)(time - query.StartUnixNano);
}
