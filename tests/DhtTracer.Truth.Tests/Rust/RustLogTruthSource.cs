using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Rust;

/// <summary>Logs of one form against what both ends of each request saw.</summary>
/// <param name="name">Name in the table.</param>
/// <param name="prefix">What the labels of its captures begin with.</param>
/// <param name="file">The log of a capture.</param>
internal sealed class RustLogTruthSource(string name, string prefix, string file) : ITruthSource
{
    /// <summary>Log lines and the truth's own clock readings are taken in one process.</summary>
    private const long Same = 2_000_000;

    /// <summary>
    /// A stream is opened after the request was handed over, when the connection's task runs, and an answer is logged after it was read,
    /// when the swarm's task runs: 11.2 ms at most in the captures, which were made on a busy machine.
    /// </summary>
    private const long Scheduling = 15_000_000;

    public static RustLogTruthSource Human { get; } = new("rust-libp2p, human log", "rust", "log.fmt.log.gz");

    public static RustLogTruthSource Json { get; } = new("rust-libp2p, JSON log", "rust", "log.json-ms.jsonl.gz");

    public static RustLogTruthSource Litep2pHuman { get; } = new("litep2p, human log", "litep2p", "log.fmt.log.gz");

    public static RustLogTruthSource Litep2pJson { get; } = new("litep2p, JSON log", "litep2p", "log.json-tm.jsonl.gz");

    public string Kind => "rust";

    public string Name => name;

    private bool IsLitep2p => prefix == "litep2p";

    public bool Has(CaptureFolder capture) => capture.Label.StartsWith(prefix, StringComparison.Ordinal) && File.Exists(capture.File(file));

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences();
        if (!Has(capture))
        {
            return differences;
        }

        differences.Captures++;
        var queries = RustLogs.Queries(RustLogs.Spans(CaptureReader.Gunzip(capture.File(file))));
        var truths = RustTruth.Of(capture);
        foreach (var truth in truths)
        {
            differences.Operations++;
            var place = new Place($"rust/{capture.Label}", $"QueryId({truth.Number}) {truth.Label}");
            var found = queries.SingleOrDefault(query => query.Number == truth.Number);
            if (differences.Must(place, "query", found is not null, true))
            {
                CompareQuery(differences, place, found!, truth);
            }
        }

        // What the node asked without being told to is a bootstrap, marked as such.
        foreach (var other in queries.Where(query => truths.All(truth => truth.Number != query.Number)))
        {
            var place = new Place($"rust/{capture.Label}", $"QueryId({other.Number}) automatic");
            differences.Must(place, "background", other.Query.Background, true);
            differences.Must(place, "backgroundKind", other.Operation.BackgroundKind, BackgroundKind.Bootstrap);
        }

        return differences;
    }

    private void CompareQuery(Differences differences, Place place, LoggedQuery found, RustTruth truth)
    {
        var query = found.Query;
        differences.Must(place, "background", query.Background, truth.IsBootstrap);
        Known(differences, place, "type", query.Type == QueryType.Unknown ? null : query.Type, truth.Type);
        if (truth.Key is { } key && !truth.IsBootstrap)
        {
            Known(differences, place, "key", query.Key?.Bytes, key);
        }

        differences.Same(place, "node", query.Node, truth.Node);
        differences.Same(place, "outcome", query.Outcome == QueryOutcome.Unknown ? null : query.Outcome, truth.Outcome);
        differences.Within(place, "duration", query.DurationNs, truth.DurationNs, Scheduling);
        if (IsLitep2p)
        {
            differences.Within(place, "start", (long)query.StartUnixNano, (long)truth.StartNs, Scheduling);
        }

        if (truth.Results is { } results)
        {
            differences.Same(place, "results", query.Counts.Results, results);
        }

        CompareDiscovery(differences, place, query, truth);
        foreach (var group in truth.Requests.GroupBy(static request => request.Peer))
        {
            var ours = query.Peers.FirstOrDefault(peer => peer.Id == group.Key)?.Requests ?? [];
            CompareAnswers(differences, place.Of(group.Key), query, truth, [.. ours], [.. group]);
        }
    }

    /// <summary>When the first answer came that carried what a get looks for, and whose it was.</summary>
    private static void CompareDiscovery(Differences differences, Place place, Query query, RustTruth truth)
    {
        var first = truth
            .Requests.Where(static request =>
                !request.AfterEnd && request.ServerSentNs is not null && (request.Record == true || request.Providers is { Count: > 0 })
            )
            .MinBy(static request => request.AnsweredNs ?? request.ServerSentNs);
        if (first is not null && truth.Outcome == QueryOutcome.Success && truth.Type is QueryType.GetValue or QueryType.GetProviders)
        {
            differences.Within(
                place,
                "discovery",
                query.DiscoveryNs,
                (long)((first!.AnsweredNs ?? first.ServerSentNs!.Value) - truth.StartNs),
                Scheduling
            );
            differences.Same(place, "discoveredBy", query.DiscoveredBy, first.Peer);
        }
    }

    private void CompareAnswers(
        Differences differences,
        Place place,
        Query query,
        RustTruth truth,
        List<PeerRequest> ours,
        List<RustTruthRequest> theirs
    )
    {
        // rust-libp2p logs no PUT_VALUE and no ADD_PROVIDER.
        if (!IsLitep2p)
        {
            theirs.RemoveAll(static request => request.Type is MessageType.PutValue or MessageType.AddProvider);
        }

        foreach (var type in theirs.Select(static request => request.Type).Distinct().ToList())
        {
            var expected = theirs
                .Where(request => request.Type == type)
                .OrderBy(static request => request.ServerSentNs ?? request.FailedNs ?? ulong.MaxValue)
                .ToList();
            var shown = ours.Where(request => request.Type == type || request.Type == MessageType.Unknown)
                .OrderBy(static request => request.EndNs ?? long.MaxValue)
                .ToList();
            var answered = expected.Where(request => IsAnswered(request, truth)).ToList();
            var answers = shown.Where(static request => request.Outcome is RequestOutcome.Answered or RequestOutcome.Sent).ToList();
            if (!differences.Must(place, "answers", answers.Count, answered.Count))
            {
                continue;
            }

            foreach (var (answer, real) in answers.Zip(answered))
            {
                CompareAnswer(differences, place, query, truth, answer, real);
            }

            var failed = expected.Where(static request => request.FailedNs is not null).ToList();
            var failures = shown.Where(static request => request.Outcome == RequestOutcome.Failed).ToList();
            if (!IsLitep2p)
            {
                differences.Must(place, "failures", failures.Count, failed.Count);
            }

            foreach (var (failure, real) in failures.Zip(failed))
            {
                differences.Within(place, "failed at", failure.EndNs, At(query, real.FailedNs!.Value), Scheduling);
                differences.Same(place, "error", failure.Error?.Class, ErrorClass.RequestTimeout);
                CompareAsked(differences, place, query, failure, real);
            }
        }
    }

    /// <summary>
    /// The client of rust-libp2p tells when it had the answer, and logs none for a query that is over; litep2p's does not tell it, so what
    /// its server sent counts.
    /// </summary>
    private bool IsAnswered(RustTruthRequest request, RustTruth truth) =>
        request.Type == MessageType.AddProvider ? request.ArrivedNs is not null
        : IsLitep2p ? request.ServerSentNs is not null && (request.Closer is not null || request.Type == MessageType.PutValue)
        : request.AnsweredNs <= truth.EndNs;

    private void CompareAnswer(Differences differences, Place place, Query query, RustTruth truth, PeerRequest ours, RustTruthRequest real)
    {
        if (real.AnsweredNs is { } at)
        {
            differences.Within(place, "answered at", ours.EndNs, At(query, at), Scheduling);
        }

        CompareAsked(differences, place, query, ours, real);
        if (real.Closer is { } closer)
        {
            // rust-libp2p asks providers as well, and logs them in one list with the closer peers.
            var named = closer
                .Concat(IsLitep2p ? [] : real.Providers ?? [])
                .Where(id => id != truth.Node)
                .ToHashSet(StringComparer.Ordinal);
            if (differences.Same(place, "returned", ours.Returned, named.Count) && ours.Returned is not null)
            {
                differences.Must(place, "named", named.SetEquals(ours.Named), true);
            }

            AtMostNew(differences, place, query, ours);
        }

        if (real.Providers is { } providers)
        {
            differences.Same(place, "providers", ours.Providers, providers.Count);
        }

        if (real.Record is { } record)
        {
            differences.Same(place, "records", ours.Records, record ? 1 : 0);
        }
    }

    /// <summary>Times of the log lie between the handing over and the arrival at the other end.</summary>
    private void CompareAsked(Differences differences, Place place, Query query, PeerRequest ours, RustTruthRequest real)
    {
        if (real.AskedNs is { } asked)
        {
            differences.Within(place, "asked at", ours.StartNs, At(query, asked), Scheduling);
        }
        else if (real.ArrivedNs is { } arrived)
        {
            differences.AtMost(place, "asked before it arrived", ours.StartNs, At(query, arrived) + (IsLitep2p ? Same : 0));
        }
    }

    /// <summary>What is said to be new was not named by an earlier answer.</summary>
    private static void AtMostNew(Differences differences, Place place, Query query, PeerRequest ours)
    {
        var before = query
            .Peers.SelectMany(static peer => peer.Requests)
            .Where(request => request.Outcome == RequestOutcome.Answered && request.EndNs < ours.EndNs && !request.Named.IsDefault)
            .SelectMany(static request => request.Named)
            .ToHashSet(StringComparer.Ordinal);
        if (!ours.Named.IsDefault)
        {
            differences.AtMost(place, "new", ours.New, ours.Named.Count(id => !before.Contains(id)));
        }
    }

    /// <summary>A known fact of litep2p; of rust-libp2p it may be unknown.</summary>
    private void Known(Differences differences, Place place, string field, object? ours, object truth)
    {
        if (IsLitep2p)
        {
            differences.Must(place, field, ours, truth);
        }
        else
        {
            differences.Same(place, field, ours, truth);
        }
    }

    private static long At(Query query, ulong time) => (long)(time - query.StartUnixNano);
}
