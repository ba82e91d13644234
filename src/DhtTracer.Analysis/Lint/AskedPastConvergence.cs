using System.Globalization;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A lookup that goes on choosing peers although the beta closest have answered.</summary>
internal static class AskedPastConvergence
{
    private const int FewestRequests = 3;

    public static LintRule Rule { get; } =
        new(2, LintSeverity.Note, "Asked k where beta would do", Check)
        {
            What =
                "A find-peer, get-providers or get-value without an early answer went on to choose peers after the 3 closest it knew had "
                + "answered, and none of the later answers changed these 3. It reports at least 3 such requests, and at least 100 ms and "
                + "a tenth of the duration. Requests of a follow-up are not counted.",
            Why =
                "The 3 closest decide whether anything nearer exists. More requests rarely find more, and each slow peer among them holds "
                + "back the end. Storing needs the k closest; go-libp2p asks those in a follow-up, all at once.",
            Speaks =
                "Sources that hold the key, the distances and whom the answers named: native, go-libp2p-kad-dht except get-providers, "
                + "js-libp2p with its routing wrapper, litep2p.",
            Cases =
            [
                new(
                    "nim-libp2p ended a lookup only when all 20 closest had answered; it now converges on beta and confirms the others",
                    "https://github.com/vacp2p/nim-libp2p/pull/2903"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (query.Type is not (QueryType.FindPeer or QueryType.GetProviders or QueryType.GetValue) || !subject.IsLookup)
        {
            return LintVerdict.Clean;
        }

        if (subject.WhyPositionsAreUnknown() is { } reason)
        {
            return LintVerdict.Silent(reason);
        }

        var stopped = subject.StoppedNs;
        if (ConvergedNs(subject, stopped) is not { } converged || query.DiscoveryNs > converged)
        {
            return LintVerdict.Clean;
        }

        var later = subject.Asks.Where(ask => !ask.IsFollowUp && ask.StartNs > converged && ask.StartNs < stopped).ToList();
        return later.Count < FewestRequests || !subject.IsWorthNaming(stopped - converged)
            ? LintVerdict.Clean
            : LintVerdict.Found(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {LintSubject.Beta} closest peers had answered after {DurationText.Of(converged)}; the lookup asked "
                        + $"{LintSubject.Count(later.Count, "more peer")} and went on until {DurationText.Of(stopped)}."
                ),
                later.Select(ask => new LintEvidence(query.Peers[ask.Peer].Id, ask.StartNs, ask.EndNs))
            );
    }

    // Since when the closest peers had answered, without anything nearer coming to light later.
    private static long? ConvergedNs(LintSubject subject, long stopped)
    {
        long? since = null;
        foreach (var at in subject.Asks.Select(static ask => ask.TakenNs).Where(end => end <= stopped).Order())
        {
            var holds = subject.Candidates.ClosestAnswered(at.GetValueOrDefault(), LintSubject.Beta).Answered == LintSubject.Beta;
            since = holds ? since ?? at : null;
        }

        return since;
    }
}
