using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>Peers that could not be dialed at first, and answered later in the same query.</summary>
internal static class PoisonedPeers
{
    public static LintRule Rule { get; } =
        new(7, LintSeverity.Warning, "A bad address poisoned a good peer", Check)
        {
            What =
                "The dial of a peer failed, and the same query reached that peer later. So the peer was alive, and the addresses that the "
                + "first dial used were wrong.",
            Why =
                "Most implementations mark a peer as unreachable after its first failed dial and ignore better addresses that come "
                + "later. One peer with stale or false addresses for others then hides them from the lookup.",
            Speaks =
                "Sources that show dials apart from requests and their failures: native, litep2p, kubo-events, eventlog-2019, and "
                + "go-libp2p-kad-dht where a request says that its dial failed. One query alone shows it only if the peer was tried again.",
            Cases =
            [
                new(
                    "go-kademlia: a peer must not be given up after one answer with wrong addresses",
                    "https://github.com/probe-lab/go-kademlia/issues/38"
                ),
                new(
                    "py-libp2p stored whatever addresses an answer held, even for the node itself",
                    "https://github.com/libp2p/py-libp2p/issues/1405"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var found = subject.Query.Peers.Select(Of).OfType<LintEvidence>().ToList();
        if (found.Count == 0)
        {
            return subject.Query.Source == TraceSource.JsLibp2p && subject.IsLookup
                ? LintVerdict.Silent("its spans do not show dials")
                : LintVerdict.Clean;
        }

        return LintVerdict.Found(
            $"{LintSubject.Count(found.Count, "peer")} could not be dialed at first and answered later, "
                + $"{DurationText.Of(found.Max(static peer => peer.ToNs - peer.FromNs))} after the first dial at most.",
            found
        );
    }

    private static LintEvidence? Of(QueryPeer peer)
    {
        long? failedAt =
            peer.Dial is { Error.Class: not ErrorClass.Cancelled } dial ? dial.StartNs
            : peer.Requests.FirstOrDefault(static request =>
                request.Outcome == RequestOutcome.Failed
                && request.Error?.Class
                    is ErrorClass.DialTimeout
                        or ErrorClass.DialRefused
                        or ErrorClass.DialFailed
                        or ErrorClass.NoRoute
                        or ErrorClass.DialBackoff
            )
                is { } request
                ? request.StartNs
            : null;
        var reached = peer.Requests.FirstOrDefault(request =>
            request.Outcome is RequestOutcome.Answered or RequestOutcome.Sent && request.EndNs > failedAt
        );
        return reached is null ? null : new LintEvidence(peer.Id, failedAt, reached.EndNs);
    }
}
