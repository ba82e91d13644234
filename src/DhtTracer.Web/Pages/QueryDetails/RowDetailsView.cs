using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>All that is known of one peer of a query.</summary>
internal sealed class RowDetailsView
{
    /// <summary>Peers of the chain that are listed; of a longer one the page says how many more there are.</summary>
    private const int MostChain = 12;

    private readonly WaterfallView view;

    /// <summary>Collects the details of the peer at a place.</summary>
    public RowDetailsView(WaterfallView view, int place)
    {
        this.view = view;
        Place = place;
        Peer = view.Waterfall.Query.Peers[place - 1];
        Phases = PeerPhase.Of(Peer);
        var chain = new List<QueryPeer>();
        var seen = new HashSet<int> { place };
        for (var peer = Peer; peer.Referrer is { } referrer && view.Place(referrer) is { } next && seen.Add(next);)
        {
            peer = view.Waterfall.Query.Peers[next - 1];
            chain.Add(peer);
        }

        Chain = chain.Count <= MostChain ? chain : chain[..MostChain];
        ChainRest = chain.Count - Chain.Count;
        ChainEnd = (chain.Count == 0 ? Peer : chain[^1]) is { Referrer: null, Hops: 0 };
    }

    /// <summary>Its place in the order heard, from 1.</summary>
    public int Place { get; }

    /// <summary>The peer.</summary>
    public QueryPeer Peer { get; }

    /// <summary>Its phases.</summary>
    public IReadOnlyList<PeerPhase> Phases { get; }

    /// <summary>The peer that named it, the one that named that, and so on.</summary>
    public IReadOnlyList<QueryPeer> Chain { get; }

    /// <summary>How many more the chain has.</summary>
    public int ChainRest { get; }

    /// <summary>Whether the chain ends in the routing table.</summary>
    public bool ChainEnd { get; }

    /// <summary>Where it is closed.</summary>
    public WaterfallAddress Closed => view.Address with { Row = null };

    /// <summary>The row of a peer.</summary>
    public string Anchor(QueryPeer peer) => view.Anchor(peer.Id);

    /// <summary>Its last error.</summary>
    public TraceError? Error => Phases.LastOrDefault(phase => phase.Error is not null)?.Error;

    /// <summary>A time of the query as milliseconds to the nanosecond: <c>310.123456 ms</c>; <c>–</c> when unknown.</summary>
    public static string Exact(long? nanoseconds) =>
        nanoseconds is { } known ? (known / 1_000_000m).ToString("#,0.000000", CultureInfo.InvariantCulture) + " ms" : "–";

    /// <summary>The same moment of the clock, for a hover; null when unknown.</summary>
    public string? Clock(long? nanoseconds)
    {
        if (nanoseconds is not { } known)
        {
            return null;
        }

        var at = (Int128)view.Waterfall.Query.StartUnixNano + known;
        return at >= 0 && at <= ulong.MaxValue ? TimeText.Iso((ulong)at) : null;
    }

    /// <summary>What a phase is called.</summary>
    public static string Name(PeerPhase phase) => phase.Kind switch
    {
        PeerPhaseKind.Heard => "heard of",
        PeerPhaseKind.Queued => "queued",
        PeerPhaseKind.Dialing => "dialing",
        PeerPhaseKind.Connected => "connected",
        PeerPhaseKind.Answered => "answered",
        _ => "request",
    };

    /// <summary>What an answer held: <c>5 peers, 2 of them new, 1 provider</c>; null for what is no answer.</summary>
    public static string? Answer(PeerRequest request)
    {
        if (request.Outcome != RequestOutcome.Answered)
        {
            return null;
        }

        var parts = new List<string>();
        if (request.Returned is { } returned)
        {
            parts.Add($"{Count(returned, "peer")}, {request.New?.ToString(CultureInfo.InvariantCulture) ?? "–"} of them new");
        }

        if (request.Providers is { } providers)
        {
            parts.Add(Count(providers, "provider"));
        }

        if (request.Records is { } records)
        {
            parts.Add(Count(records, "record"));
        }

        return parts.Count == 0 ? null : string.Join(", ", parts);
    }

    private static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
