using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>Addresses at which another peer answers.</summary>
internal static class MismatchedIds
{
    // As go-libp2p, rust-libp2p, litep2p, js-libp2p and this node write it.
    private static readonly string[] Texts =
    [
        "peer id mismatch",
        "WrongPeerId",
        "PeerIdMismatch",
        "UnexpectedPeerError",
        "answered instead of",
    ];

    public static LintRule Rule { get; } =
        new(9, LintSeverity.Error, "Ids that do not match", Check)
        {
            What = "A dial reached a peer with another id than the one that was dialed: the error says so.",
            Why =
                "The address belongs to somebody else now, or never belonged to the peer. The peer that named it has stale data, or "
                + "spreads wrong addresses on purpose. Each such dial costs a full handshake.",
            Speaks =
                "Sources that hold the text of dial errors: native, logs of rust-libp2p and litep2p, kubo-events. Spans of "
                + "go-libp2p-kad-dht hold it only when a request failed by its dial; js-libp2p never.",
            Cases =
            [
                new(
                    "go-kademlia: false addresses in answers make peers hard to find",
                    "https://github.com/probe-lab/go-kademlia/issues/38"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        var found = query.Peers.Where(static peer => Errors(peer).Any(IsMismatch)).ToList();
        if (found.Count > 0)
        {
            return LintVerdict.Found(
                $"{LintSubject.Count(found.Count, "peer")} had an address at which another peer answered.",
                found.Select(static peer => new LintEvidence(peer.Id, peer.Dial?.StartNs, peer.Dial?.StartNs + peer.Dial?.DurationNs))
            );
        }

        var untold = query.Peers.Count(static peer =>
            peer.State == PeerState.DialFailed && Errors(peer).All(static error => error.Text is null)
        );
        return query.Source == TraceSource.JsLibp2p && subject.IsLookup ? LintVerdict.Silent("its spans hold no errors of dials")
            : untold > 0 ? LintVerdict.Silent($"the trace does not hold why {LintSubject.Count(untold, "dial")} failed")
            : LintVerdict.Clean;
    }

    private static IEnumerable<TraceError> Errors(QueryPeer peer) =>
        peer.Requests.Select(static request => request.Error).Append(peer.Dial?.Error).OfType<TraceError>();

    private static bool IsMismatch(TraceError error) =>
        error.Text is { } text && Texts.Any(part => text.Contains(part, StringComparison.OrdinalIgnoreCase));
}
