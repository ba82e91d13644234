using System.Globalization;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A lookup that lets one peer take longer than any usual limit.</summary>
internal static class UnlimitedPeers
{
    public static LintRule Rule { get; } =
        new(5, LintSeverity.Warning, "No time limit per peer", Check)
        {
            What =
                "A dial and the request after it, or a request alone, took more than 10 s, and nothing cut them off "
                + "before. Stores have a rule of "
                + "their own (DHT015).",
            Why =
                "A peer that has not answered after a few seconds will hardly answer at all, and it holds a slot of the lookup all that "
                + "time. A limit for each peer bounds what one of them can cost. A limit on reading alone does not: dialing, negotiating "
                + "and a second try add up.",
            Speaks = "Sources that show when peers were asked and when that ended: all except human logs of rust-libp2p and kubo-events.",
            Cases =
            [
                new(
                    "go-libp2p-kad-dht reduced the time to read an answer to 10 s; dials are not covered, and the sender tries twice",
                    "https://github.com/libp2p/go-libp2p-kad-dht/issues/523"
                ),
                new(
                    "js-libp2p: the limit of a dial grew to a minute, so that single peers stalled a path",
                    "https://github.com/libp2p/js-libp2p/pull/3420"
                ),
                new(
                    "js-libp2p-kad-dht added time limits to the requests of a query",
                    "https://github.com/libp2p/js-libp2p-kad-dht/pull/107"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (query.Peers.Any(static peer => peer.Requests.Any(static request => request.StartNs is null)))
        {
            return LintVerdict.Silent("the trace does not show when its peers were asked");
        }

        var slow = subject
            .Asks.Select(ask => (Peer: query.Peers[ask.Peer], ask.StartNs, ask.EndNs, Ns: ask.EndNs - ask.StartNs))
            .Where(static ask => ask.Ns > LintSubject.PeerLimitNs)
            .OrderByDescending(static ask => ask.Peer.TimeLostNs)
            .ThenByDescending(static ask => ask.Ns)
            .DistinctBy(static ask => ask.Peer.Id)
            .ToList();
        if (slow.Count == 0)
        {
            return LintVerdict.Clean;
        }

        var lost = slow.TrueForAll(static ask => ask.Peer.TimeLostNs is not null)
            ? $"; the query waited {DurationText.Of(slow.Sum(static ask => ask.Peer.TimeLostNs))} for them"
            : "";
        return LintVerdict.Found(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{LintSubject.Count(slow.Count, "peer")} took more than 10 s, the longest "
                    + $"{DurationText.Of(slow.Max(static ask => ask.Ns))}, and no limit cut them off{lost}."
            ),
            slow.Select(static ask => new LintEvidence(ask.Peer.Id, ask.StartNs, ask.EndNs))
        );
    }
}
