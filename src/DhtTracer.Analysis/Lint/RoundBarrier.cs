using System.Globalization;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A lookup that asks in rounds, and waits for the slowest peer of a round before it begins the next one.</summary>
internal static class RoundBarrier
{
    /// <summary>Clocks of some exporters have whole milliseconds.</summary>
    private const long SlackNs = 2_000_000;

    private const int FewestRounds = 2;

    public static LintRule Rule { get; } =
        new(1, LintSeverity.Warning, "Stalls on a round barrier", Check)
        {
            What =
                "The lookup asks several peers at once, and asks the next ones only when every peer of the round has answered or failed, "
                + "although a slot was free and a known peer waited. It reports lookups without any exception to this pattern, with at "
                + "least two rounds that stalled, and stalls of at least 100 ms and a tenth of the duration together.",
            Why =
                "One slow peer stops the whole lookup until its timeout. A lookup that fills each free slot at once takes about as long as "
                + "its median peers, not as long as the slowest peer of every round.",
            Speaks =
                "Sources that show when peers were asked: native, go-libp2p-kad-dht, js-libp2p, litep2p, eventlog-2019, and JSON logs of "
                + "rust-libp2p. Lookups that lost spans are left out.",
            Cases =
            [
                new(
                    "nim-libp2p asked alpha peers a round and waited for all of them; replaced by a continuous pipeline",
                    "https://github.com/vacp2p/nim-libp2p/issues/2854"
                ),
                new(
                    "js-libp2p: three slow peers at the front of the queue blocked a query",
                    "https://github.com/libp2p/js-libp2p-kad-dht/issues/103"
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

        if (!subject.IsLookup || query.DurationNs is not { } duration)
        {
            return LintVerdict.Clean;
        }

        if (query.Missing.Spans > 0)
        {
            return LintVerdict.Silent("spans of this query were lost");
        }

        var rounds = Rounds([.. subject.Asks.Where(static ask => !ask.IsFollowUp)]);
        if (rounds is null)
        {
            return LintVerdict.Clean;
        }

        var evidence = new List<(long Ns, LintEvidence Peer)>();
        for (var i = 0; i + 1 < rounds.Count; i++)
        {
            var (round, next) = (rounds[i], rounds[i + 1]);
            var slowest = round.MaxBy(static ask => ask.EndNs);
            var known = next.Min(ask => query.Peers[ask.Peer].HeardNs ?? ask.StartNs);
            var from = Math.Max(round.Min(static ask => ask.EndNs).GetValueOrDefault(), known);
            var stall = slowest.EndNs.GetValueOrDefault() - from;
            if (round.Count > 1 && stall > SlackNs)
            {
                evidence.Add((stall, new LintEvidence(query.Peers[slowest.Peer].Id, from, slowest.EndNs)));
            }
        }

        var total = evidence.Sum(static stall => stall.Ns);
        return evidence.Count < FewestRounds || !subject.IsWorthNaming(total)
            ? LintVerdict.Clean
            : LintVerdict.Found(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{evidence.Count} of {rounds.Count} rounds waited for their slowest peer, {DurationText.Of(total)} of "
                        + $"{DurationText.Of(duration)}, while a slot was free and a known peer waited."
                ),
                evidence.OrderByDescending(static stall => stall.Ns).Select(static stall => stall.Peer)
            );
    }

    // Null when any ask began while older ones were in flight and another one had ended: then no barrier stopped it.
    private static List<List<PeerAsk>>? Rounds(List<PeerAsk> asks)
    {
        var rounds = new List<List<PeerAsk>>();
        foreach (var ask in asks)
        {
            if (rounds.Count == 0 || rounds[^1].TrueForAll(other => other.EndNs - SlackNs <= ask.StartNs))
            {
                rounds.Add([ask]);
            }
            else if (rounds[^1].TrueForAll(other => other.EndNs is null || other.EndNs >= ask.StartNs))
            {
                rounds[^1].Add(ask);
            }
            else
            {
                return null;
            }
        }

        return rounds.Exists(static round => round.Exists(static ask => ask.EndNs is null)) ? null : rounds;
    }
}
