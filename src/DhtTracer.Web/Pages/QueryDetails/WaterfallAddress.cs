using System.Text;
using DhtTracer.Analysis;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The state of the waterfall, all of it in the address: <c>/q/{id}?sort=xor&amp;dir=desc&amp;show=failed&amp;folded=1</c>.</summary>
/// <param name="Id">The query.</param>
/// <param name="Sort">What rows are sorted by.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="Show">Which rows are shown.</param>
/// <param name="Folded">The rows are folded away.</param>
internal sealed record WaterfallAddress(QueryId Id, PeerSort Sort, bool Descending, PeerFilter Show, bool Folded)
{
    /// <summary>The sort of an address that names none: as they were sent something.</summary>
    public const PeerSort DefaultSort = PeerSort.Order;

    /// <summary>Reads the parameters; an unknown value counts as absent, so that an old link still opens.</summary>
    public static WaterfallAddress Parse(QueryId id, string? sort, string? direction, string? show, string? folded)
    {
        var by = Enum.GetValues<PeerSort>().Where(value => Name(value) == sort).Append(DefaultSort).First();
        return new WaterfallAddress(
            id,
            by,
            direction switch { "asc" => false, "desc" => true, _ => FirstDescending(by) },
            Enum.GetValues<PeerFilter>().Where(value => Name(value) == show).Append(PeerFilter.All).First(),
            folded == "1");
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

    /// <summary>The name of a sort in addresses.</summary>
    public static string Name(PeerSort sort) => sort.ToString().ToLowerInvariant();

    /// <summary>The name of a filter in addresses.</summary>
    public static string Name(PeerFilter filter) => filter.ToString().ToLowerInvariant();

    /// <summary>XOR falls as a lookup converges and the slowest are looked for, so these two begin with the greatest.</summary>
    private static bool FirstDescending(PeerSort sort) => sort is PeerSort.Xor or PeerSort.Duration;
}
