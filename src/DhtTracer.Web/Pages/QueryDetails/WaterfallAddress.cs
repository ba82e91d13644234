using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>
/// The state of a query's page, all of it in the address: <c>/q/{id}?tab=why</c>,
/// <c>/q/{id}?sort=xor&amp;dir=desc&amp;show=failed&amp;folded=1</c>,
/// <c>/q/{id}?find=kubo&amp;t=1.2s-3.4s&amp;row=p12</c>.
/// </summary>
/// <param name="Id">The query.</param>
/// <param name="Tab">Which part of the page.</param>
/// <param name="Sort">What rows are sorted by.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="Show">Which rows are shown; null for the usual ones, see <see cref="WaterfallView.Filter"/>.</param>
/// <param name="Folded">The rows are folded away.</param>
internal sealed record WaterfallAddress(QueryId Id, QueryTab Tab, PeerSort Sort, bool Descending, PeerFilter? Show, bool Folded)
{
    /// <summary>The sort of an address that names none: as they were sent something.</summary>
    public const PeerSort DefaultSort = PeerSort.Order;

    /// <summary>Greatest length of <see cref="Find"/>; a longer text is cut.</summary>
    public const int LongestFind = 200;

    /// <summary>Only rows in which this text is found; null for all.</summary>
    public string? Find { get; init; }

    /// <summary>The place, in the order heard and from 1, of the peer whose details are shown; null for none.</summary>
    public int? Row { get; init; }

    /// <summary>The stretch of time that is drawn; null for all of it.</summary>
    public TimeWindow? Window { get; init; }

    /// <summary>Reads the parameters; an unknown value counts as absent, so that an old link still opens.</summary>
    public static WaterfallAddress Parse(QueryId id, QueryPageParameters parameters)
    {
        var by = Named(parameters.Sort, DefaultSort);
        return new WaterfallAddress(
            id,
            Named(parameters.Tab, QueryTab.Waterfall),
            by,
            parameters.Dir switch
            {
                "asc" => false,
                "desc" => true,
                _ => FirstDescending(by),
            },
            NamedOrNull<PeerFilter>(parameters.Show),
            parameters.Folded == "1"
        )
        {
            Find = parameters.Find?.Trim() is { Length: > 0 } find ? find[..Math.Min(find.Length, LongestFind)] : null,
            Row = ParseRow(parameters.Row),
            Window = WindowText.TryParse(parameters.T, out var window) ? window : null,
        };
    }

    /// <summary>The shortest address of this state.</summary>
    public override string ToString() => $"/q/{Id}{QueryText}";

    /// <summary>The part of it that begins with <c>?</c>; empty when everything is as usual.</summary>
    public string QueryText
    {
        get
        {
            var text = new StringBuilder();
            void Add(string name, string value) => text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(value);

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

            if (Show is { } show)
            {
                Add("show", Name(show));
            }

            if (Folded)
            {
                Add("folded", "1");
            }

            if (Find is { } find)
            {
                Add("find", Uri.EscapeDataString(find));
            }

            if (Window is { } window)
            {
                Add("t", WindowText.Of(window));
            }

            if (Row is { } row)
            {
                Add("row", "p" + row.ToString(CultureInfo.InvariantCulture));
            }

            return text.ToString();
        }
    }

    /// <summary>Where the head of a column leads: sorted by it, or turned round when it is already.</summary>
    public WaterfallAddress SortedBy(PeerSort sort) =>
        this with
        {
            Sort = sort,
            Descending = sort == Sort ? !Descending : FirstDescending(sort),
        };

    /// <summary>The value of <c>aria-sort</c> for a column; null when the table is not sorted by it.</summary>
    public string? AriaSort(PeerSort sort) =>
        sort == Sort
            ? Descending
                ? "descending"
                : "ascending"
            : null;

    /// <summary>The name of a value in addresses.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static int? ParseRow(string? text) =>
        text is ['p', ..] && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var row) && row > 0
            ? row
            : null;

    private static T Named<T>(string? name, T otherwise)
        where T : struct, Enum => NamedOrNull<T>(name) ?? otherwise;

    private static T? NamedOrNull<T>(string? name)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Name(value) == name)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>XOR falls as a lookup converges and the slowest are looked for, so these two begin with the greatest.</summary>
    private static bool FirstDescending(PeerSort sort) => sort is PeerSort.Xor or PeerSort.Duration;
}
