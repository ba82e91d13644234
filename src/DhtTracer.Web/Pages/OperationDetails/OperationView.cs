using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.OperationDetails;

/// <summary>The queries of an operation on one time axis.</summary>
internal sealed class OperationView
{
    /// <summary>Lays the queries out.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="queries">Its queries, by start.</param>
    public OperationView(Operation operation, ImmutableArray<Query> queries)
    {
        Operation = operation;
        var sides = ImmutableArray.CreateBuilder<SideView>(queries.Length);
        var end = Math.Max(1, operation.DurationNs ?? 0);
        foreach (var query in queries)
        {
            // A child may begin before its parent by the clock of a sender that tells milliseconds only.
            var offset = Offset(operation.StartUnixNano, query.StartUnixNano);
            sides.Add(new SideView(query, offset, operation.Decisive == query.Id));
            end = Math.Max(end, offset + Waterfall.AxisLength(query));
        }

        foreach (var router in operation.Routers)
        {
            end = Math.Max(end, router.StartNs + (router.DurationNs ?? 0));
        }

        Sides = sides.ToImmutable();
        EndNs = end;
        Window = new TimeWindow(0, end > long.MaxValue / 2 ? end : end + (end / 3));
    }

    public Operation Operation { get; }

    /// <summary>Its queries, by start.</summary>
    public ImmutableArray<SideView> Sides { get; }

    /// <summary>The last thing known of it, in nanoseconds after its start; at least 1.</summary>
    public long EndNs { get; }

    /// <summary>The time that is drawn, in nanoseconds after the operation's start; a third more than its length, for labels.</summary>
    public TimeWindow Window { get; }

    /// <summary>Classes of the table that leave out columns of which the trace tells nothing.</summary>
    public string ColumnClasses
    {
        get
        {
            var named = Sides.Any(static side => side.Query.Peers.Any(static peer => peer.Referrer is not null));
            var after = Sides.Any(static side => side.Query.Peers.Any(static peer => peer.AskedAfter is not null));
            var agents = Sides.Any(static side => side.Query.Peers.Any(static peer => peer.Agent is not null));
            return (agents ? "" : " no-agent") + (named || !after ? "" : " no-named") + (after ? "" : " no-after");
        }
    }

    /// <summary>What a delegated router did, in words.</summary>
    public static string Text(OperationRouter router)
    {
        var failure = router.Error is { } error ? $", failed ({Wording.OfName(error.Class)})" : "";
        return $"HTTP router, {DurationText.Of(router.DurationNs)}{failure}";
    }

    private static long Offset(ulong start, ulong later) =>
        later >= start ? (long)Math.Min(later - start, long.MaxValue / 4) : -(long)Math.Min(start - later, long.MaxValue / 4);
}

/// <summary>A query of an operation, drawn on the axis of the operation.</summary>
internal sealed class SideView
{
    /// <summary>Greatest number of rows of one side; the page of the query shows all.</summary>
    public const int MostRows = 100;

    /// <summary>Draws a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="offsetNs">Its start, in nanoseconds after the operation's.</param>
    /// <param name="isDecisive">It gave the answer, or ended last.</param>
    public SideView(Query query, long offsetNs, bool isDecisive)
    {
        Query = query;
        OffsetNs = offsetNs;
        IsDecisive = isDecisive;
        var contacted = Waterfall.Of(query, PeerSort.Order, filter: PeerFilter.Contacted).Rows;
        Rows = [.. contacted.Take(MostRows)];
        MoreRows = contacted.Length - Rows.Length;
        HeardOnly = query.Peers.Length - contacted.Length;
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < query.Peers.Length; i++)
        {
            places.TryAdd(query.Peers[i].Id, i + 1);
        }

        Places = places;
    }

    public Query Query { get; }

    /// <summary>Its start, in nanoseconds after the operation's.</summary>
    public long OffsetNs { get; }

    /// <summary>It gave the answer, or ended last.</summary>
    public bool IsDecisive { get; }

    /// <summary>Its rows, in the order in which the peers were first sent something.</summary>
    public ImmutableArray<WaterfallRow> Rows { get; }

    /// <summary>Rows that are left out.</summary>
    public int MoreRows { get; }

    /// <summary>Peers that were only heard of.</summary>
    public int HeardOnly { get; }

    /// <summary>The place of each peer in the order heard, from 1.</summary>
    public IReadOnlyDictionary<string, int> Places { get; }

    /// <summary>What it is called: <c>WAN</c>, <c>LAN</c>, or its type where there are no sides.</summary>
    public string Name => Query.Side is { } side ? Wording.Of(side) : Wording.Of(Query.Type);

    /// <summary>When its answer was known, in nanoseconds after the operation's start; null when nobody was asked or the trace does not
    /// tell it.</summary>
    public long? FoundNs => Query.Skipped ? null : OffsetNs + Query.DiscoveryNs;

    /// <summary>What came of it, in words.</summary>
    public string? Text =>
        Query.Skipped ? QueryNotes.Skipped(Query)
        : Query.DiscoveryNs is { } found ? $"{HeaderText.Summary(Query)}, found after {DurationText.Of(found)}"
        : HeaderText.Summary(Query);

    /// <summary>The time that is drawn, as times of this query.</summary>
    public TimeWindow Window(TimeWindow ofOperation) => new(ofOperation.FromNs - OffsetNs, ofOperation.ToNs - OffsetNs);

    /// <summary>Where a peer's row is on the page of the query.</summary>
    public string RowLink(QueryPeer peer) => $"/q/{Query.Id}?row=p{Places[peer.Id]}#p{Places[peer.Id]}";
}
