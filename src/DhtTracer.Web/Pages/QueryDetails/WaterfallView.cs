using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using Microsoft.AspNetCore.WebUtilities;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>What the waterfall's markup needs besides the table: the addresses of its sorts and filters, and the place of each
/// peer's row.</summary>
internal sealed class WaterfallView
{
    /// <summary>Rows in one body of the table: the unit that a browser skips while it is off screen.</summary>
    public const int RowsPerBody = 25;

    /// <summary>The drawing can be stretched so far at most: positions in the markup have digits for no more.</summary>
    public const int MostZoom = 1000;

    /// <summary>So few rows of peers that were only heard of are shown with the others.</summary>
    private const int MostUnfolded = 5;

    private readonly FrozenDictionary<string, int> _places;
    private readonly FrozenSet<string> _shown;
    private readonly FrozenSet<string> _critical;

    /// <summary>Makes the view of a query at an address.</summary>
    /// <param name="query">The query.</param>
    /// <param name="address">The address of the page.</param>
    /// <param name="path">Its critical path; null when there is none.</param>
    /// <param name="running">The query still runs: what has no end yet is under way.</param>
    public WaterfallView(Query query, WaterfallAddress address, CriticalPath? path = null, bool running = false)
    {
        Running = running;
        NotContacted = query.Peers.Count(static peer => !PeerRows.WasContacted(peer));
        DefaultFilter = NotContacted > MostUnfolded && NotContacted < query.Peers.Length ? PeerFilter.Contacted : PeerFilter.All;
        Folds = address.Show is null && DefaultFilter == PeerFilter.Contacted;
        Filter = address.Show ?? DefaultFilter;
        var waterfall = Waterfall.Of(query, address.Sort, address.Descending, Folds ? PeerFilter.All : Filter, running);
        _critical = path is null ? FrozenSet<string>.Empty : path.Peers.ToFrozenSet(StringComparer.Ordinal);
        Waterfall = waterfall;
        _places = new QueryPeerIndex(waterfall.Query).Positions;
        var rows =
            address.Find is { } find ? waterfall.Rows.Where(row => PeerRows.Contains(row.Peer, find))
            : Folds ? waterfall.Rows.Where(row => PeerRows.WasContacted(row.Peer) || _places[row.Peer.Id] == address.Row)
            : waterfall.Rows;
        _shown = rows.Select(row => row.Peer.Id).ToFrozenSet(StringComparer.Ordinal);
        WholeWindow = new TimeWindow(
            0,
            waterfall.AxisNs > long.MaxValue / 2 ? waterfall.AxisNs : waterfall.AxisNs + (waterfall.AxisNs / 3)
        );
        Window = address.Window is { } asked ? Fit(asked) : WholeWindow;
        Address = address with { Window = Window == WholeWindow ? null : Window };

        // Where no time is known there is no axis: it would show the least length that one can have.
        Ticks = Waterfall.AxisNs <= 1 ? [] : Window.Ticks();
        Groups = waterfall.Query.Peers.CountBy(PeerRows.Group).ToFrozenDictionary();
    }

    /// <summary>Which rows are shown: those that the address names, else all but the peers that were only heard of when there are many of
    /// them.</summary>
    public PeerFilter Filter { get; }

    /// <summary>
    /// Whether the rows of peers that were only heard of stand in the page without being shown: a search finds them among all peers, and
    /// one that the address names is shown.
    /// </summary>
    public bool Folds { get; }

    /// <summary>Which rows an address shows that names none.</summary>
    public PeerFilter DefaultFilter { get; }

    /// <summary>Peers that were only heard of.</summary>
    public int NotContacted { get; }

    /// <summary>The query still runs.</summary>
    public bool Running { get; }

    /// <summary>Dials and requests that have no end yet.</summary>
    public int InFlight =>
        Waterfall.Query.Peers.Count(static peer =>
            peer.State is PeerState.Dialing or PeerState.NoAnswer or PeerState.Unknown
            || peer.Requests.Any(static request => request is { Outcome: RequestOutcome.NoAnswer, EndNs: null })
        );

    /// <summary>The table.</summary>
    public Waterfall Waterfall { get; }

    /// <summary>The address of the page.</summary>
    public WaterfallAddress Address { get; }

    /// <summary>
    /// All time that can be drawn: a third more than the axis, so that the label of the last bar has room beside it.
    /// </summary>
    public TimeWindow WholeWindow { get; }

    /// <summary>The time that is drawn.</summary>
    public TimeWindow Window { get; }

    /// <summary>Times on the axis in nanoseconds.</summary>
    public IReadOnlyList<long> Ticks { get; }

    /// <summary>Whether a text that begins at this time would not end before the right edge: it is written to the left of it.</summary>
    /// <param name="ns">The time.</param>
    /// <param name="most">Percent of the window that leave room for the text.</param>
    public bool IsLate(long ns, double most = 93) => Window.Percent(ns) > most;

    /// <summary>Class of the text of a tick.</summary>
    public string? TickClass(long tick) => IsLate(tick) ? "last" : null;

    /// <summary>Whether the trace tells who named any peer.</summary>
    public bool KnowsReferrers => Waterfall.Query.Peers.Any(static peer => peer.Referrer is not null);

    /// <summary>Whether the trace tells after whose answer any peer was asked.</summary>
    public bool KnowsAskedAfter => Waterfall.Query.Peers.Any(static peer => peer.AskedAfter is not null);

    /// <summary>Classes of the table's box that leave out columns of which the trace tells nothing.</summary>
    public string ColumnClasses =>
        (KnowsAgents ? "" : " no-agent") + (KnowsReferrers || !KnowsAskedAfter ? "" : " no-named") + (KnowsAskedAfter ? "" : " no-after");

    /// <summary>Whether the trace tells the agent of any peer.</summary>
    public bool KnowsAgents => Waterfall.Query.Peers.Any(peer => peer.Agent is not null);

    /// <summary>How many peers each filter would show.</summary>
    public FrozenDictionary<PeerFilter, int> Groups { get; }

    /// <summary>How many of the rows hold the text that is looked for.</summary>
    public int Found => _shown.Count;

    /// <summary>The details that the address asks for; null when it asks for none, or for a peer that is not there.</summary>
    public RowDetailsView? Details => Address.Row is { } row ? DetailsOf(row) : null;

    /// <summary>The details of the peer at a place in the order heard, from 1; null when there is none.</summary>
    public RowDetailsView? DetailsOf(int place) => place <= Waterfall.Query.Peers.Length ? new RowDetailsView(this, place) : null;

    /// <summary>The state that the search among rows keeps, as fields of its form.</summary>
    public IEnumerable<(string Name, string Value)> FindFields =>
        QueryHelpers.ParseQuery((Address with { Find = null, Row = null }).QueryText).Select(pair => (pair.Key, pair.Value.ToString()));

    /// <summary>Places of the rows that hold what is looked for, in the order of the table.</summary>
    public IEnumerable<int> FoundPlaces => Waterfall.Rows.Where(IsShown).Select(row => _places[row.Peer.Id]);

    /// <summary><c>12 of 258 peers</c>.</summary>
    public string FoundText =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Found} of {Waterfall.Rows.Length} {(Waterfall.Rows.Length == 1 ? "peer" : "peers")}"
        );

    /// <summary>Whether any peer was marked as asked twice.</summary>
    public bool HasDuplicates => Waterfall.Rows.Any(row => row.Peer.Duplicate);

    /// <summary>The place of a peer in the order heard, from 1; null when the query has no such peer.</summary>
    public int? Place(string peerId) => _places.TryGetValue(peerId, out var place) ? place : null;

    /// <summary>The anchor of a peer's row, the same under every sort and filter: its place in the order heard.</summary>
    public string Anchor(string peerId) => $"p{_places[peerId]}";

    /// <summary>The anchor of a peer's row if that row is shown here, else null.</summary>
    public string? AnchorIfShown(string peerId) => _shown.Contains(peerId) ? Anchor(peerId) : null;

    /// <summary>Who first named a peer.</summary>
    public PeerReference NamedBy(QueryPeer peer) =>
        new(
            peer.Referrer,
            peer.Referrer is { } referrer ? AnchorIfShown(referrer) : null,
            peer.Hops == 0 ? "routing table" : "–",
            peer.ReferrerInferred
        );

    /// <summary>After whose answer a peer was asked; empty for a peer that was never sent anything.</summary>
    public PeerReference AskedAfter(QueryPeer peer) =>
        new(peer.AskedAfter, peer.AskedAfter is { } after ? AnchorIfShown(after) : null, peer.Order is null ? "" : "–");

    /// <summary>Why no row is shown.</summary>
    public string NoRowsText =>
        Waterfall.Query.Peers.IsEmpty ? "This query asked nobody: the trace holds no peer of it."
        : Waterfall.Rows.IsEmpty ? "No peer of this query falls under this filter."
        : "No peer contains the text that you search for.";

    /// <summary>The counts of the query that are known, as <c>seen 82, queried 29</c>.</summary>
    public string KnownFigures =>
        string.Join(
            ", ",
            HeaderText
                .Figures(Waterfall.Query.Counts)
                .Where(static figure => figure.Value is not null)
                .Select(static figure => $"{figure.Name} {figure.Text}")
        );

    /// <summary>Where a peer's row is on the page of the query; rows that are folded away are asked for.</summary>
    /// <param name="peerId">A peer of the query.</param>
    public string RowLink(string peerId)
    {
        var query = Waterfall.Query;
        var folded = DefaultFilter == PeerFilter.Contacted && !PeerRows.WasContacted(query.Peers[_places[peerId] - 1]);
        return $"/q/{query.Id}{(folded ? "?show=all" : "")}#{Anchor(peerId)}";
    }

    /// <summary>Whether the row has what is looked for. Rows that have not are in the page, hidden, so that a script can search
    /// anew.</summary>
    public bool IsShown(WaterfallRow row) => _shown.Contains(row.Peer.Id);

    /// <summary>
    /// The place of each peer's referrer, in the order heard, with commas between: 0 for none. From it a script finds the chain back to the
    /// seed, also over rows that a filter leaves out.
    /// </summary>
    public string Referrers()
    {
        var text = new StringBuilder();
        foreach (var peer in Waterfall.Query.Peers)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(peer.Referrer is { } referrer ? Place(referrer) ?? 0 : 0);
        }

        return text.ToString();
    }

    /// <summary>The address with a filter.</summary>
    public WaterfallAddress With(PeerFilter filter) => Address with { Show = filter == DefaultFilter ? null : filter, Row = null };

    /// <summary>The state with another stretch of time.</summary>
    public WaterfallAddress At(TimeWindow window)
    {
        var fitted = Fit(window);
        return Address with { Window = fitted == WholeWindow ? null : fitted };
    }

    /// <summary>The window stretched or narrowed about its middle: 2 shows twice the time.</summary>
    public TimeWindow Scaled(double factor)
    {
        var length = (long)(Window.LengthNs * factor);
        var from = Window.FromNs + ((Window.LengthNs - length) / 2);
        return new TimeWindow(from, from + Math.Max(1, length));
    }

    /// <summary>The window moved by a part of its length, forward when positive.</summary>
    public TimeWindow Moved(double share)
    {
        var by = Math.Clamp((long)(Window.LengthNs * share), -Window.FromNs, WholeWindow.ToNs - Window.ToNs);
        return new TimeWindow(Window.FromNs + by, Window.ToNs + by);
    }

    /// <summary>Class of a row: <c>x</c> failed, <c>u</c> never asked or unknown, <c>a</c> cut off, <c>w</c> with a result, <c>d</c> asked
    /// twice, <c>fo</c> folded away,
    /// <c>k</c> on the critical path.</summary>
    public string? RowClass(WaterfallRow row)
    {
        var state = StateClass(row);
        var marks =
            (row.Peer.Duplicate ? " d" : "")
            + (Folds && !PeerRows.WasContacted(row.Peer) ? " fo" : "")
            + (_critical.Contains(row.Peer.Id) ? " k" : "");
        return marks.Length == 0 ? state : (state + marks).TrimStart();
    }

    /// <summary>The part of <see cref="RowClass"/> that says how far a peer got.</summary>
    public static string? StateClass(WaterfallRow row) =>
        row.Group switch
        {
            PeerFilter.Failed => "x",
            PeerFilter.Unqueried or PeerFilter.Unknown => "u",
            PeerFilter.Cancelled => "a",
            PeerFilter.Completed when row.Label.StartsWith('✓') => "w",
            _ => null,
        };

    // Inside what can be drawn, and no narrower than the greatest zoom.
    private TimeWindow Fit(TimeWindow asked)
    {
        var length = Math.Clamp(asked.LengthNs, Math.Max(1, WholeWindow.LengthNs / MostZoom), WholeWindow.LengthNs);
        var from = Math.Clamp(asked.FromNs, 0, WholeWindow.ToNs - length);
        return new TimeWindow(from, from + length);
    }
}

/// <summary>The place of every peer of a query in the order heard, from 1.</summary>
internal sealed class QueryPeerIndex(Query query)
{
    /// <summary>Peer id to place.</summary>
    public FrozenDictionary<string, int> Positions { get; } =
        query
            .Peers.Select((peer, index) => KeyValuePair.Create(peer.Id, index + 1))
            .DistinctBy(pair => pair.Key)
            .ToFrozenDictionary(StringComparer.Ordinal);
}
