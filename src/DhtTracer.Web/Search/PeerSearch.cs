using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Statistics;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Search;

/// <summary>Which peers, over which queries, in what order: the state of the list of peers, read by the page and the API alike.</summary>
/// <remarks>
/// A peer behaves the same to a lookup that a node makes for itself, so background lookups count unless <c>background</c> says otherwise.
/// </remarks>
internal sealed class PeerSearch
{
    private PeerSearch(QueryListAddress address, TimeRange range, string? find, string order, IReadOnlyList<string> problems)
    {
        (Address, Range, Find, Order, Problems) = (address, range, find, order, problems);
    }

    /// <summary>The orders on offer, by the name that addresses use, and by what.</summary>
    public static IReadOnlyList<PeerOrder> Orders { get; } =
    [
        new(
            "lost",
            "Time lost",
            "How long operations waited for it: its parts of their critical paths, which add up to their durations",
            PeerRank.TimeLost
        ),
        new("failed", "Failed", "Failed dials and requests", PeerRank.Failures),
        new("seen", "Seen", "Operations that heard of it", PeerRank.Seen),
        new("queried", "Queried", "Operations that sent it a request", PeerRank.Queried),
        new("answered", "Answered", "Operations in which it answered", PeerRank.Answered),
        new(
            "cancelled",
            "Cancelled",
            "Dials and requests that the caller or the end of the query cancelled; not the peer's fault",
            PeerRank.Cancelled
        ),
        new("slow", "Request p50", "Median of its first answered request in each query", PeerRank.RequestP50),
        new("p95", "p95", "95th percentile of the same", PeerRank.RequestP95),
        new("dial", "Dial p50", "Median of its successful new connections", PeerRank.DialP50),
        new("named", "Named", "Answers of other peers that named it, where traces list them", PeerRank.Named),
    ];

    /// <summary>Over which operations.</summary>
    public QueryListAddress Address { get; }

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; }

    /// <summary>The id or an agent version holds this text; null for any.</summary>
    public string? Find { get; }

    /// <summary>Name of the order, one of <see cref="Orders"/>.</summary>
    public string Order { get; }

    /// <summary>What is not valid, each a sentence.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>The operations whose peers count.</summary>
    public QueryFilter Filter =>
        Address.Filter with
        {
            FromUnixNano = Range.FromUnixNano,
            ToUnixNano = Range.ToUnixNano,
            Background = Address.Says("background") ? Address.Filter.Background : null,
        };

    /// <summary>Failed dials and requests of a peer, without the cancelled ones.</summary>
    public static long Failures(PeerSummary peer) => peer.Failures.Sum(static failure => failure.Count);

    /// <summary>Reads the parameters of a request.</summary>
    /// <param name="query">The parameters: those of the list of queries, and <c>range</c>, <c>find</c> and <c>order</c>.</param>
    /// <param name="now">The present.</param>
    public static PeerSearch Parse(IQueryCollection query, DateTimeOffset now)
    {
        var address = QueryListAddress.Parse(query, now);
        var problems = new List<string>(address.Problems);
        var range = query["range"].ToString();
        var parsed = TimeRange.Parse(range.Length == 0 ? null : range, address, now);
        if (range.Length > 0 && parsed is null)
        {
            problems.Add(TimeRange.Problem(range));
        }

        var find = query["find"].ToString().Trim();
        if (find.Length > QueryListAddress.LongestValue)
        {
            problems.Add($"\"find\" is longer than {QueryListAddress.LongestValue} characters.");
            find = "";
        }

        var order = query["order"].ToString();
        if (order.Length > 0 && !Orders.Any(offered => offered.Name == order))
        {
            problems.Add($"\"{order}\" (order) is not one of {string.Join(", ", Orders.Select(static offered => offered.Name))}.");
            order = "";
        }

        return new PeerSearch(
            address,
            parsed ?? TimeRange.All,
            find.Length == 0 ? null : find,
            order.Length == 0 ? Orders[0].Name : order,
            problems
        );
    }

    /// <summary>The search with the peers that are named by the end of their ids.</summary>
    public async Task<PeerSearch> ResolveAsync(TraceStore store, CancellationToken cancellationToken)
    {
        var address = await Address.ResolveAsync(store, cancellationToken);
        return address == Address
            ? this
            : new PeerSearch(address, Range, Find, Order, [.. Problems.Except(Address.Problems), .. address.Problems]);
    }

    /// <summary>A part of the peers that match, in the order asked for, then by id.</summary>
    /// <param name="store">The archive.</param>
    /// <param name="skip">How many of the first are left out.</param>
    /// <param name="take">How many at most.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<PeerPage> ReadAsync(TraceStore store, int skip, int take, CancellationToken cancellationToken) =>
        store.ListPeersAsync(Filter, new PeerListing(Orders.First(order => order.Name == Order).Rank, Find, skip, take), cancellationToken);

    /// <summary>One peer over the queries of this search; none when none of them heard of it.</summary>
    public Task<PeerPage> ReadOneAsync(TraceStore store, string peerId, CancellationToken cancellationToken) =>
        store.ReadPeerAsync(Filter, peerId, cancellationToken);
}

/// <summary>An order of the list of peers, greatest first.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Title">Head of its column.</param>
/// <param name="Explanation">What the column counts.</param>
/// <param name="Rank">By what.</param>
internal sealed record PeerOrder(string Name, string Title, string Explanation, PeerRank Rank);
