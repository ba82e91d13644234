namespace DhtTracer.Web.Search;

/// <summary>A filter that narrows the list, as a mark that takes it away again.</summary>
/// <param name="Name">What it is about, in words.</param>
/// <param name="Value">What was asked for, as it was typed. Hostile text.</param>
/// <param name="Without">The list without it.</param>
internal sealed record FilterChip(string Name, string Value, QueryListAddress Without)
{
    private static readonly IReadOnlyDictionary<string, string> Titles = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["error"] = "error",
        ["peererror"] = "a dial or request with",
        ["agent"] = "met an agent",
        ["lint"] = "breaks rule",
        ["slower"] = "at least",
        ["faster"] = "at most",
        ["min"] = "at least",
        ["max"] = "at most",
        ["minhops"] = "hops from",
        ["maxhops"] = "hops to",
        ["to"] = "until",
        ["skipped"] = "nobody to ask",
    };

    /// <summary>The filters of an address, in its order.</summary>
    public static IReadOnlyList<FilterChip> Of(QueryListAddress address) =>
        [
            .. address.Text.Select(term => new FilterChip(
                (term.IsNegated ? "not " : "") + Titles.GetValueOrDefault(term.Name, term.Name),
                term.Value,
                address.WithText(address.Text.Where(other => other != term))
            )),
            .. QueryListAddress
                .Names.Where(name => name is not ("q" or "sort" or "at") && address[name] is not null)
                .Select(name => new FilterChip(
                    Titles.GetValueOrDefault(name, name),
                    ValueOf(name, address[name]!),
                    address.With((name, null))
                )),
        ];

    private static string ValueOf(string name, string value) =>
        (name, value) switch
        {
            ("background", "1") => "shown",
            ("background" or "skipped", "only") => "only these",
            ("skipped", "0") => "hidden",
            ("from" or "to", _) => value.Replace('T', ' ') + " UTC",
            _ => value,
        };
}
