using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A value search that collected more copies of the record that it had.</summary>
internal static class UnneededQuorum
{
    private const int FewestRecords = 2;

    public static LintRule Rule { get; } =
        new(12, LintSeverity.Note, "Quorum not needed", Check)
        {
            What =
                "A get-value had its best record, and went on to collect at least 2 more records, none of them better, for at least 100 ms "
                + "and a tenth of its duration.",
            Why =
                "A quorum protects against stale records: the caller learns that no newer one is around. A caller that verifies records "
                + "and can live with one that is a little old gets it much sooner with a quorum of 1, or uses each record as it comes.",
            Speaks = "Sources that show which answers held a record and when the best one came: native, go-libp2p-kad-dht, litep2p.",
            Cases =
            [
                new(
                    "go-libp2p-kad-dht: 16 values were rarely collected within a minute; with 1 a name resolved in 10 s",
                    "https://github.com/libp2p/go-libp2p-kad-dht/issues/88"
                ),
            ],
        };

    /// <summary>Whether a query waited for records that it did not need.</summary>
    public static bool IsOne(LintSubject subject) =>
        subject.Query is { Type: QueryType.GetValue, Outcome: QueryOutcome.Success, DiscoveryNs: { } known, DurationNs: { } duration }
        && Later(subject, known).Count() >= FewestRecords
        && subject.IsWorthNaming(duration - known);

    private static IEnumerable<(QueryPeer Peer, PeerRequest Request)> Later(LintSubject subject, long known) =>
        subject.Answers.Where(answer => answer.Request.Records > 0 && answer.Request.EndNs > known);

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (query is not { Type: QueryType.GetValue, Outcome: QueryOutcome.Success } || !subject.IsLookup)
        {
            return LintVerdict.Clean;
        }

        if (query.DiscoveryNs is not { } known)
        {
            return LintVerdict.Silent("the trace does not show when the best record came");
        }

        if (subject.Answers.Any(static answer => answer.Request.Records is null))
        {
            return LintVerdict.Silent("the trace does not show which answers held a record");
        }

        return !IsOne(subject)
            ? LintVerdict.Clean
            : LintVerdict.Found(
                $"The best record came after {DurationText.Of(known)}; the query collected "
                    + $"{LintSubject.Count(Later(subject, known).Count(), "more record")} and ended after "
                    + $"{DurationText.Of(query.DurationNs)}.",
                Later(subject, known)
                    .OrderByDescending(static answer => answer.Request.EndNs)
                    .Select(static answer => new LintEvidence(answer.Peer.Id, answer.Request.StartNs, answer.Request.EndNs))
            );
    }
}
