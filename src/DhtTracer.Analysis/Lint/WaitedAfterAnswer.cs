using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A query that waited for peers although it had its answer.</summary>
internal static class WaitedAfterAnswer
{
    public static LintRule Rule { get; } =
        new(11, LintSeverity.Warning, "Waited for a peer after the answer was known", Check)
        {
            What =
                "A successful query waited for dials or requests of its lookup after its final answer was known, for at least 100 ms and "
                + "a tenth of its duration. Stores are needed and do not count; nor does a provider lookup to which "
                + "more providers came. One to which none came has a note only: its caller may have "
                + "asked for more.",
            Why =
                "The caller gets its answer late, or keeps a query open for nothing. Returning at once and cancelling what is in flight "
                + "saves all of this time.",
            Speaks =
                "Sources that show when the answer came and when peers were asked: native, go-libp2p-kad-dht, js-libp2p, litep2p, "
                + "eventlog-2019.",
            Cases =
            [
                new(
                    "litep2p: a provider lookup ran for tens of minutes where Kubo returns within seconds",
                    "https://github.com/paritytech/litep2p/issues/497"
                ),
                new("go-libp2p-kad-dht: wait for 80 % of the closest peers only", "https://github.com/libp2p/go-libp2p-kad-dht/issues/528"),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (query.Outcome != QueryOutcome.Success || !subject.IsLookup)
        {
            return LintVerdict.Clean;
        }

        if (query.DiscoveryNs is not { } known)
        {
            return LintVerdict.Silent("the trace does not show when the answer was known");
        }

        if (
            UnneededQuorum.IsOne(subject)
            || (
                query.Type == QueryType.GetProviders
                && subject.Answers.Any(answer => answer.Request.Providers > 0 && answer.Request.EndNs > known)
            )
        )
        {
            return LintVerdict.Clean;
        }

        if (subject.Path is not { } path)
        {
            return LintVerdict.Silent("the end of the query is not in the trace");
        }

        var waits = path
            .Segments.Where(segment =>
                segment is { IsLostToPeer: true, PeerId: not null, Phase: not Explain.PathPhase.Stores } && segment.EndNs > known
            )
            .Select(segment => new LintEvidence(segment.PeerId!, Math.Max(known, segment.StartNs), segment.EndNs))
            .OrderByDescending(static wait => wait.ToNs - wait.FromNs)
            .ToList();
        var total = waits.Sum(static wait => wait.ToNs - wait.FromNs).GetValueOrDefault();
        return !subject.IsWorthNaming(total)
            ? LintVerdict.Clean
            : LintVerdict.Found(
                $"The answer was known after {DurationText.Of(known)}; the query waited {DurationText.Of(total)} longer for "
                    + $"{LintSubject.Count(waits.DistinctBy(static wait => wait.PeerId).Count(), "peer")}"
                    + $"{(query.Type == QueryType.GetProviders ? ", and no other provider came." : ".")}",
                waits,
                query.Type == QueryType.GetProviders ? LintSeverity.Note : null
            );
    }
}
