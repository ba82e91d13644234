using System.Globalization;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>A provide or put that waited for a slow store without a limit.</summary>
internal static class UnlimitedStores
{
    public static LintRule Rule { get; } =
        new(15, LintSeverity.Warning, "The store phase had no limit", Check)
        {
            What = "A store of an add-provider or put-value (ADD_PROVIDER or PUT_VALUE, with its dial) took more than 10 s.",
            Why =
                "The lookup is over; the records only have to be sent to the closest peers. 19 of 20 copies serve as well as 20. A limit "
                + "for each store, or returning after three quarters of them, bounds how long one slow peer can hold the caller.",
            Speaks =
                "Sources that show stores: native, go-libp2p-kad-dht, js-libp2p. Logs of Rust nodes do not show how long a store takes.",
            Cases =
            [
                new(
                    "go-libp2p-kad-dht 2026: sends of ADD_PROVIDER have a limit of 10 s for each peer",
                    "https://github.com/libp2p/go-libp2p-kad-dht/pull/1252"
                ),
                new(
                    "go-libp2p-kad-dht: a provide took 2.5 minutes; optimistic provide returns after 15 of 20 stores",
                    "https://github.com/libp2p/go-libp2p-kad-dht/pull/783"
                ),
                new("litep2p: a provide takes up to 3 minutes", "https://github.com/paritytech/litep2p/issues/496"),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        if (query.Type is not (QueryType.AddProvider or QueryType.PutValue))
        {
            return LintVerdict.Clean;
        }

        var stores = subject.Activities.Where(static activity => activity.IsStore).ToList();
        if (stores.Count == 0)
        {
            return query.Peers.Any(static peer => peer.Requests.Any(static request => request.StartNs is null))
                ? LintVerdict.Silent("the trace does not show how long its stores took")
                : LintVerdict.Clean;
        }

        var slow = stores
            .Select(store => (Peer: query.Peers[store.Peer], From: Start(query, store), To: store.EndNs))
            .Where(static store => store.To - store.From > LintSubject.PeerLimitNs)
            .OrderByDescending(static store => store.To - store.From)
            .ToList();
        return slow.Count == 0
            ? LintVerdict.Clean
            : LintVerdict.Found(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{slow.Count} of {LintSubject.Count(stores.Count, "store")} took more than 10 s, the longest "
                        + $"{DurationText.Of(slow[0].To - slow[0].From)}."
                ),
                slow.Select(static store => new LintEvidence(store.Peer.Id, store.From, store.To))
            );
    }

    // The dial belongs to the store when nothing else was asked of the peer.
    private static long Start(Query query, PeerActivity store) =>
        store.Request == 0 && query.Peers[store.Peer].Dial is { } dial ? Math.Min(dial.StartNs, store.StartNs) : store.StartNs;
}
