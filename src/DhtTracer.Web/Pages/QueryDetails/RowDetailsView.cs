using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The details of one peer of a query.</summary>
internal sealed class RowDetailsView
{
    /// <summary>Peers of the chain that are listed; of a longer one the page says how many more there are.</summary>
    private const int MostChain = 12;

    private readonly WaterfallView _view;

    /// <summary>Collects the details of the peer at a place.</summary>
    public RowDetailsView(WaterfallView view, int place)
    {
        _view = view;
        Place = place;
        Peer = view.Waterfall.Query.Peers[place - 1];
        Phases = PeerPhase.Of(Peer);
        var chain = new List<QueryPeer>();
        var seen = new HashSet<int> { place };
        for (var peer = Peer; peer.Referrer is { } referrer && view.Place(referrer) is { } next && seen.Add(next); )
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

    public QueryPeer Peer { get; }

    public IReadOnlyList<PeerPhase> Phases { get; }

    /// <summary>The peer that named it, the one that named that, and so on.</summary>
    public IReadOnlyList<QueryPeer> Chain { get; }

    /// <summary>How many more the chain has.</summary>
    public int ChainRest { get; }

    /// <summary>Whether the chain ends in the routing table.</summary>
    public bool ChainEnd { get; }

    /// <summary>The peer whose answer triggered the request to it, where the trace tells that and not the same of who named it.</summary>
    public QueryPeer? AskedAfter =>
        Peer.AskedAfter is { } after && after != Peer.Referrer && _view.Place(after) is { } place
            ? _view.Waterfall.Query.Peers[place - 1]
            : null;

    /// <summary>State, distance, hops and place of the peer in one line.</summary>
    public string Summary
    {
        get
        {
            List<string> parts = [Wording.OfName(Words.Of(Peer.State)), $"XOR {Peer.Xor?.ToString(CultureInfo.InvariantCulture) ?? "–"}"];
            parts.Add($"hops {HeaderText.Hops(Peer)}");
            if (Peer.Order is { } order)
            {
                parts.Add($"number {order} to be sent something");
            }

            if (Peer.Duplicate)
            {
                parts.Add("⚠ asked again");
            }

            if (Peer.TimeLostNs is > 0 and { } lost)
            {
                parts.Add($"the query waited {DurationText.Of(lost)} for it");
            }

            return string.Join(" · ", parts);
        }
    }

    /// <summary>What is special of a phase without request and error; null when nothing is.</summary>
    public string? NoteOf(PeerPhase phase) =>
        phase switch
        {
            { Kind: PeerPhaseKind.Dialing, StartNs: null } => "not told apart from the request",
            { Kind: PeerPhaseKind.Connected } when Peer.Dial?.Reused == true => "over a connection that was there",
            _ => null,
        };

    /// <summary>Where it is closed.</summary>
    public WaterfallAddress Closed => _view.Address with { Row = null };

    /// <summary>The row of a peer.</summary>
    public string Anchor(QueryPeer peer) => _view.Anchor(peer.Id);

    /// <summary>The exact value of a time, for a hover: <c>310,123,456 ns after the start of the query</c>; null when unknown.</summary>
    /// <param name="nanoseconds">The time.</param>
    /// <param name="what">What it is, such as <c>after the start of the query</c>.</param>
    public static string? Exact(long? nanoseconds, string what = "") =>
        nanoseconds is { } known ? $"{known.ToString("N0", CultureInfo.InvariantCulture)} ns {what}".TrimEnd() : null;

    /// <summary>A moment, for a hover: nanoseconds after the query's start and the time of the clock; null when unknown.</summary>
    public string? Moment(long? nanoseconds) =>
        nanoseconds is null ? null : $"{Exact(nanoseconds, "after the start of the query")}, {Clock(nanoseconds)}";

    private string? Clock(long? nanoseconds)
    {
        if (nanoseconds is not { } known)
        {
            return null;
        }

        var at = (Int128)_view.Waterfall.Query.StartUnixNano + known;
        return at >= 0 && at <= ulong.MaxValue ? TimeText.Iso((ulong)at) : null;
    }

    /// <summary>What a phase is called.</summary>
    public static string Name(PeerPhase phase) =>
        phase.Kind switch
        {
            PeerPhaseKind.Heard => "heard of",
            PeerPhaseKind.Queued => "queued",
            PeerPhaseKind.Dialing => "dialing",
            PeerPhaseKind.Connected => "connected",
            PeerPhaseKind.Answered => "answered",
            _ => "request",
        };

    /// <summary>What became of a request that has no answer: <c>no answer seen</c>, <c>sent; the protocol has no answer</c>.</summary>
    public string Ending(PeerRequest request) =>
        request.Outcome switch
        {
            RequestOutcome.Answered => "answered",
            RequestOutcome.Sent => "sent; the protocol has no answer to it",
            RequestOutcome.NoAnswer => _view.Running && request.EndNs is null ? "in flight" : "no answer seen",
            RequestOutcome.Unknown => "unknown: its span was lost",
            RequestOutcome.Cancelled => _view.Waterfall.Query.Outcome switch
            {
                QueryOutcome.Success => "cut off: the query had what it wanted",
                QueryOutcome.Cancelled => "cut off: the caller cancelled",
                QueryOutcome.TimedOut => "cut off: the caller's deadline passed",
                _ => "cut off",
            },
            _ => "failed",
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
            parts.Add(
                $"{Count(returned, "peer")}, {request.New?.ToString(CultureInfo.InvariantCulture) ?? "unknown how many"} of them new"
            );
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

    private static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
