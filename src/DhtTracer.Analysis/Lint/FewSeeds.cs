using System.Globalization;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A lookup that began with fewer peers than it may ask at once.</summary>
internal static class FewSeeds
{
    /// <summary>Alpha of the specification's examples and of most implementations.</summary>
    private const int UsualAlpha = 3;

    public static LintRule Rule { get; } =
        new(14, LintSeverity.Note, "Too few seeds", Check)
        {
            What =
                "The routing table gave the lookup fewer peers than it may ask at once (alpha; 3 where the trace does not hold it). It is "
                + "a warning when the first answer took at least 100 ms and a tenth of the duration.",
            Why =
                "The lookup cannot use its concurrency before the first answer, and one slow seed delays all of it. Few seeds mean a young "
                + "node, a table that loses its peers, or a lookup that takes only alpha seeds from a full table.",
            Speaks =
                "Sources that show all peers of the routing table: native, litep2p, and go-libp2p-kad-dht when it began with fewer peers "
                + "than it asks at once.",
            Cases =
            [
                new(
                    "js-libp2p-kad-dht began with 3 peers; it now begins with 20, as S/Kademlia does",
                    "https://github.com/libp2p/js-libp2p-kad-dht/pull/107"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (!subject.IsLookup)
        {
            return LintVerdict.Clean;
        }

        if (query.Missing.Spans > 0)
        {
            return LintVerdict.Silent("spans of this query were lost");
        }

        var alpha = query.Parameters.Alpha ?? UsualAlpha;
        var seeds = query.Peers.Where(static peer => peer.Hops == 0).ToList();
        if (seeds.Count >= alpha)
        {
            return LintVerdict.Clean;
        }

        if (seeds.Count == 0 || !query.Counts.SeenComplete || query.Peers.Any(static peer => peer.Hops is null))
        {
            return LintVerdict.Silent("the trace does not show which peers came from the routing table");
        }

        var first = query.FirstAnswerNs;
        var since = first is null ? "" : $"; the first answer came after {DurationText.Of(first)}";
        return LintVerdict.Found(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The lookup began with {LintSubject.Count(seeds.Count, "peer")} of the routing table and may ask {alpha} at once{since}."
            ),
            seeds.Select(static peer => new LintEvidence(peer.Id, peer.HeardNs, peer.TakenNs)),
            first is { } waited && subject.IsWorthNaming(waited) ? LintSeverity.Warning : null
        );
    }
}
