using System.Collections.Frozen;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Explain;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>What the waterfall's markup needs beyond the table itself: addresses of its sorts and filters, and where each peer's row is.</summary>
internal sealed class WaterfallView
{
    /// <summary>Rows in one body of the table: the unit that a browser skips while it is off screen.</summary>
    public const int RowsPerBody = 50;

    private readonly FrozenDictionary<string, int> anchors;
    private readonly FrozenSet<string> shown;
    private readonly FrozenSet<string> critical;

    /// <summary>Makes the view of a waterfall at an address.</summary>
    public WaterfallView(Waterfall waterfall, WaterfallAddress address, CriticalPath? path = null)
    {
        critical = path is null ? FrozenSet<string>.Empty : path.Peers.ToFrozenSet(StringComparer.Ordinal);
        Waterfall = waterfall;
        Address = address;
        anchors = new QueryPeerIndex(waterfall.Query).Positions;
        shown = waterfall.Rows.Select(row => row.Peer.Id).ToFrozenSet(StringComparer.Ordinal);
        Ticks = Waterfall.Ticks(waterfall.AxisNs);
        Groups = waterfall.Query.Peers.CountBy(PeerRows.Group).ToFrozenDictionary();
    }

    /// <summary>The table.</summary>
    public Waterfall Waterfall { get; }

    /// <summary>The address of the page.</summary>
    public WaterfallAddress Address { get; }

    /// <summary>Times on the axis in nanoseconds.</summary>
    public IReadOnlyList<long> Ticks { get; }

    /// <summary>How many peers each filter would show.</summary>
    public FrozenDictionary<PeerFilter, int> Groups { get; }

    /// <summary>Whether any peer was marked as asked twice.</summary>
    public bool HasDuplicates => Waterfall.Rows.Any(row => row.Peer.Duplicate);

    /// <summary>The anchor of a peer's row, the same under every sort and filter: its place in the order heard.</summary>
    public string Anchor(string peerId) => $"p{anchors[peerId]}";

    /// <summary>The anchor of a peer's row if that row is shown here, else null.</summary>
    public string? AnchorIfShown(string peerId) => shown.Contains(peerId) ? Anchor(peerId) : null;

    /// <summary>
    /// Time that the drawing's width stands for, in nanoseconds: a third more than the axis, so that the label of the last bar has room beside it.
    /// </summary>
    public long DrawnNs => Waterfall.AxisNs + (Waterfall.AxisNs / 3);

    /// <summary>A time as percent of the drawing.</summary>
    public double Percent(long nanoseconds) => RowDrawing.Percent(nanoseconds, DrawnNs);

    /// <summary>Class of a row: <c>x</c> failed, <c>u</c> never asked, <c>w</c> with a result, <c>d</c> asked twice, <c>k</c> on the critical path.</summary>
    public string? RowClass(WaterfallRow row)
    {
        var state = row.Group switch
        {
            PeerFilter.Failed => "x",
            PeerFilter.Unqueried => "u",
            PeerFilter.Completed when row.Label.StartsWith('✓') => "w",
            _ => null,
        };
        var marks = (row.Peer.Duplicate ? " d" : "") + (critical.Contains(row.Peer.Id) ? " k" : "");
        return marks.Length == 0 ? state : (state + marks).TrimStart();
    }
}

/// <summary>The place of every peer of a query in the order heard, from 1.</summary>
internal sealed class QueryPeerIndex(Query query)
{
    /// <summary>Peer id to place.</summary>
    public FrozenDictionary<string, int> Positions { get; } =
        query.Peers.Select((peer, index) => KeyValuePair.Create(peer.Id, index + 1)).DistinctBy(pair => pair.Key).ToFrozenDictionary(StringComparer.Ordinal);
}
