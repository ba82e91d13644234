using System.Globalization;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A lookup that ended before the beta closest had answered.</summary>
internal static class StoppedBeforeBeta
{
    /// <summary>The failure that ends a lookup can be written down just after its end.</summary>
    private const long SlackNs = 2_000_000;

    public static LintRule Rule { get; } =
        new(3, LintSeverity.Warning, "Stopped before beta", Check)
        {
            What =
                "The lookup stopped choosing peers by its own rules, without its answer, although one of the 3 closest peers that it knew, "
                + "and that had not failed, had not answered.",
            Why =
                "A nearer peer may exist behind the one that was not heard. Then a lookup finds nothing although the record is there, or "
                + "stores it on peers that are not the closest. With beta 1 a single lying or stale peer decides the result.",
            Speaks =
                "Sources that hold the key, the distances and whom the answers named: native, go-libp2p-kad-dht except get-providers, "
                + "js-libp2p with its routing wrapper, litep2p.",
            Cases =
            [
                new("rust-libp2p ended queries too soon", "https://github.com/libp2p/rust-libp2p/issues/1105"),
                new(
                    "js-libp2p answered with 6 peers, so that lookups ended on a part of the closest set",
                    "https://github.com/libp2p/js-libp2p-kad-dht/pull/97"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        var seeks = query.Type is QueryType.GetClosestPeers or QueryType.AddProvider or QueryType.PutValue;
        if (
            !subject.IsLookup
            || subject.WasEndedFromOutside
            || query.Termination is QueryTermination.Stopped
            || (!seeks && query.Outcome != QueryOutcome.NotFound)
        )
        {
            return LintVerdict.Clean;
        }

        if (subject.WhyPositionsAreUnknown() is { } reason)
        {
            return LintVerdict.Silent(reason);
        }

        var stopped = subject.StoppedNs;
        var open = subject.Candidates.Unsettled(stopped + SlackNs, LintSubject.Beta).ToList();
        if (open.Count == 0)
        {
            return LintVerdict.Clean;
        }

        var answered = subject.Candidates.ClosestAnswered(stopped + SlackNs, LintSubject.Beta).Answered;
        var never = open.Count(static peer => peer.Ask is null);
        var missing = new[]
        {
            never > 0 ? $"{never} had not been asked" : null,
            open.Count > never ? $"{open.Count - never} had not answered" : null,
        };
        return LintVerdict.Found(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The lookup stopped after {DurationText.Of(stopped)} when {Closest(answered)} had "
                    + $"answered: of the {LintSubject.Beta} closest, {string.Join(" and ", missing.OfType<string>())}."
            ),
            open.Select(peer => new LintEvidence(query.Peers[peer.Peer].Id, peer.Ask?.StartNs ?? peer.HeardNs, stopped))
        );
    }

    private static string Closest(int answered) =>
        answered switch
        {
            0 => "not even the closest peer",
            1 => "only the closest peer",
            _ => $"only the {answered} closest peers",
        };
}
