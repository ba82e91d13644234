namespace DhtTracer.Web.Search;

/// <summary>How a page lets its reader choose a stretch of time: links to those on offer, and two fields for any other.</summary>
/// <param name="Path">The page.</param>
/// <param name="Range">What is chosen.</param>
/// <param name="Address">What else narrows the page.</param>
/// <param name="Shown">Parameters of <paramref name="Address"/> for which the page's form has fields of its own.</param>
/// <param name="More">Parameters of the page beside the address, kept by the links.</param>
internal sealed record TimeRangeChooser(
    string Path,
    TimeRange Range,
    QueryListAddress Address,
    IReadOnlyCollection<string> Shown,
    IReadOnlyList<(string Name, string? Value)> More
)
{
    /// <summary>What the form must send although it has no field for it.</summary>
    public IEnumerable<(string Name, string Value)> Hidden =>
        QueryListAddress
            .Names.Where(name => Address[name] is not null && !Shown.Contains(name) && name is not ("from" or "to" or "at" or "sort"))
            .Select(name => (name, Address[name]!));

    /// <summary>The page at a range on offer.</summary>
    public string Link(string name) => $"{Path}?range={name}{Rest(Address.With(("from", null), ("to", null), ("sort", null)))}";

    /// <summary>The page at exactly this stretch, whatever the time is when the address is opened.</summary>
    /// <param name="now">End of a range that has none.</param>
    public string Absolute(DateTimeOffset now)
    {
        var end = Range.ToUnixNano ?? TimeRange.UnixNano(now);
        var narrowed = (Range with { ToUnixNano = end }).Narrow(Address).With(("sort", null));
        return $"{Path}?{Rest(narrowed).TrimStart('&')}";
    }

    /// <summary>What narrows the page beyond its own fields, and the page without it.</summary>
    public IEnumerable<(string Text, string Without)> Others =>
        Hidden.Select(item =>
        {
            var without = Address.With((item.Name, null), ("sort", null));
            var range = Range.Name == "custom" ? "" : $"range={Range.Name}";
            return ($"{item.Name} {item.Value}", $"{Path}?{range}{Rest(without)}");
        });

    private string Rest(QueryListAddress address) =>
        address.Parameters().Replace('?', '&')
        + string.Concat(
            More.Where(static item => item.Value is not null).Select(static item => $"&{item.Name}={Uri.EscapeDataString(item.Value!)}")
        );
}
