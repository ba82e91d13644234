using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>Peers among the closest that could not be reached or did not answer.</summary>
internal static class DeadClosestPeers
{
    private const int Fewest = 2;

    public static LintRule Rule { get; } =
        new(4, LintSeverity.Note, "Dead peers in the closest set", Check)
        {
            What =
                "At least 2 and a tenth of the k closest peers that the lookup heard of failed, by a dial or a request of its own. k is "
                + "20 where the trace does not hold it. It is a warning when the lookup waited for them for at least 100 ms and a tenth "
                + "of its duration.",
            Why =
                "Peers keep naming nodes that are gone. A lookup has to try them, because they are nearer than those that answer, and "
                + "each of them can cost a whole timeout. A record cannot be stored on them.",
            Speaks =
                "Sources that hold the key and show which dials and requests failed: native, go-libp2p-kad-dht, litep2p, kubo-events, "
                + "eventlog-2019. Spans of js-libp2p do not tell a failure from an empty answer. Provider lookups of go-libp2p-kad-dht "
                + "show only the peers that were asked.",
            Cases =
            [
                new(
                    "go-libp2p-kad-dht: wait for 80 % of the closest only, because some are offline",
                    "https://github.com/libp2p/go-libp2p-kad-dht/issues/528"
                ),
                new(
                    "js-libp2p put failed for lack of answers of the closest peers",
                    "https://github.com/libp2p/js-libp2p-kad-dht/issues/86"
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

        if (query.Source == TraceSource.JsLibp2p)
        {
            return LintVerdict.Silent("its spans do not tell a failed request from an empty answer");
        }

        if (query.Key is null || !subject.Distances.Exact)
        {
            return LintVerdict.Silent("the distances of its peers to the key are not known exactly");
        }

        var closest = subject
            .Distances.Nearest.Take(query.Parameters.K is > 0 and var k ? k : LintSubject.K)
            .Select(index => query.Peers[index])
            .ToList();
        var dead = closest.Where(static peer => peer.State is PeerState.DialFailed or PeerState.RequestFailed).ToList();
        if (dead.Count < Fewest || dead.Count * 10 < closest.Count)
        {
            return LintVerdict.Clean;
        }

        var dials = dead.Count(static peer => peer.State == PeerState.DialFailed);
        var lost = dead.All(static peer => peer.TimeLostNs is not null) ? dead.Sum(static peer => peer.TimeLostNs) : null;
        var cost = lost is null ? "" : $"; the lookup waited {DurationText.Of(lost)} for them";
        return LintVerdict.Found(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{dead.Count} of the {closest.Count} closest peers heard of failed ({LintSubject.Count(dials, "dial")}, "
                    + $"{LintSubject.Count(dead.Count - dials, "request")}){cost}."
            ),
            dead.OrderByDescending(static peer => peer.TimeLostNs).Select(Evidence),
            lost is { } waited && subject.IsWorthNaming(waited) ? LintSeverity.Warning : null
        );
    }

    private static LintEvidence Evidence(QueryPeer peer)
    {
        var request = peer.Requests.FirstOrDefault(static request => request.Outcome == RequestOutcome.Failed);
        var from = peer.Dial?.StartNs ?? request?.StartNs;
        return new LintEvidence(peer.Id, from, request?.EndNs ?? peer.Dial?.StartNs + peer.Dial?.DurationNs);
    }
}
