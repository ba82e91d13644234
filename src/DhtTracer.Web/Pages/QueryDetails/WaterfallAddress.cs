using System.Text;
using DhtTracer.Analysis;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The state of a query's page, all of it in the address: <c>/q/{id}?tab=why</c>, <c>/q/{id}?sort=xor&amp;dir=desc&amp;show=failed&amp;folded=1</c>.</summary>
/// <param name="Id">The query.</param>
/// <param name="Tab">Which part of the page.</param>
/// <param name="Sort">What rows are sorted by.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="Show">Which rows are shown.</param>
/// <param name="Folded">The rows are folded away.</param>
internal sealed record WaterfallAddress(QueryId Id, QueryTab Tab, PeerSort Sort, bool Descending, PeerFilter Show, bool Folded)
{
    /// <summary>The sort of an address that names none: as they were sent something.</summary>
    public const PeerSort DefaultSort = PeerSort.Order;

    /// <summary>Reads the parameters; an unknown value counts as absent, so that an old link still opens.</summary>
    public static WaterfallAddress Parse(QueryId id, QueryPageParameters parameters)
    {
        var by = Named(parameters.Sort, DefaultSort);
        return new WaterfallAddress(
            id,
            Named(parameters.Tab, QueryTab.Waterfall),
            by,
            parameters.Dir switch { "asc" => false, "desc" => true, _ => FirstDescending(by) },
            Named(parameters.Show, PeerFilter.All),
            parameters.Folded == "1");
    }

    /// <summary>The shortest address of this state.</summary>
    public override string ToString()
    {
        var url = new StringBuilder("/q/").Append(Id);
        var separator = '?';
        void Add(string name, string value)
        {
            url.Append(separator).Append(name).Append('=').Append(value);
            separator = '&';
        }

        if (Tab != QueryTab.Waterfall)
        {
            Add("tab", Name(Tab));
        }

        if (Sort != DefaultSort)
        {
            Add("sort", Name(Sort));
        }

        if (Descending != FirstDescending(Sort))
        {
            Add("dir", Descending ? "desc" : "asc");
        }

        if (Show != PeerFilter.All)
        {
            Add("show", Name(Show));
        }

        if (Folded)
        {
            Add("folded", "1");
        }

        return url.ToString();
    }

    /// <summary>Where the head of a column leads: sorted by it, or turned round when it is already.</summary>
    public WaterfallAddress SortedBy(PeerSort sort) =>
        this with { Sort = sort, Descending = sort == Sort ? !Descending : FirstDescending(sort) };

    /// <summary>The value of <c>aria-sort</c> for a column; null when the table is not sorted by it.</summary>
    public string? AriaSort(PeerSort sort) => sort == Sort ? Descending ? "descending" : "ascending" : null;

    /// <summary>The name of a value in addresses.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static T Named<T>(string? name, T otherwise)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Name(value) == name)
            {
                return value;
            }
        }

        return otherwise;
    }

    /// <summary>XOR falls as a lookup converges and the slowest are looked for, so these two begin with the greatest.</summary>
    private static bool FirstDescending(PeerSort sort) => sort is PeerSort.Xor or PeerSort.Duration;
}

/// <summary>The parts of a query's page.</summary>
internal enum QueryTab
{
    /// <summary>A row per peer.</summary>
    Waterfall = 0,

    /// <summary>Critical path, blame and what-if.</summary>
    Why = 1,

    /// <summary>Best distance by time and by hops.</summary>
    Convergence = 2,

    /// <summary>Dials and requests in flight.</summary>
    Concurrency = 3,

    /// <summary>Who named whom.</summary>
    Path = 4,
}

/// <summary>The parameters of a query's page as they stand in its address.</summary>
internal sealed record QueryPageParameters
{
    /// <summary>Which part.</summary>
    public string? Tab { get; init; }

    /// <summary>What rows are sorted by.</summary>
    public string? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>.</summary>
    public string? Dir { get; init; }

    /// <summary>Which rows.</summary>
    public string? Show { get; init; }

    /// <summary><c>1</c> when the rows are folded away.</summary>
    public string? Folded { get; init; }

    /// <summary>What-if: requests in flight at most.</summary>
    public string? Alpha { get; init; }

    /// <summary>What-if: closest peers that must have answered.</summary>
    public string? Beta { get; init; }

    /// <summary>What-if: width of the result.</summary>
    public string? K { get; init; }

    /// <summary>What-if: a dial fails after this time.</summary>
    public string? Dial { get; init; }

    /// <summary>What-if: a request fails after this time.</summary>
    public string? Request { get; init; }
}
