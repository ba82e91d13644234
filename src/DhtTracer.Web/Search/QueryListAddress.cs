using System.Text;
using DhtTracer.Analysis.Keys;
using DhtTracer.Storage;
using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Queries;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Search;

/// <summary>
/// The state of the list of operations, all of it in the address: what is looked for, the order, and the place in it. The page, its
/// downloads, the API and the command line read the same parameters here.
/// </summary>
public sealed class QueryListAddress
{
    /// <summary>Characters of a parameter; the longest key that libp2p knows has about 100.</summary>
    public const int LongestValue = 500;

    /// <summary>The parameters, in the order in which addresses hold them.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "q",
        "key",
        "peer",
        "type",
        "outcome",
        "error",
        "peererror",
        "lint",
        "agent",
        "source",
        "service",
        "node",
        "min",
        "max",
        "minhops",
        "maxhops",
        "alpha",
        "from",
        "to",
        "background",
        "skipped",
        "sort",
        "at",
    ];

    /// <summary>Fields that have another name than the condition of the filter language that they are.</summary>
    private static readonly Dictionary<string, string> Conditions = new(StringComparer.Ordinal) { ["min"] = "slower", ["max"] = "faster" };

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private readonly IReadOnlyList<FilterTerm> _peerEnds;
    private readonly DateTimeOffset _now;

    private QueryListAddress(
        IEnumerable<KeyValuePair<string, string>> given,
        DateTimeOffset now,
        IReadOnlyDictionary<string, string>? peers = null
    )
    {
        _now = now;
        foreach (var (name, value) in given)
        {
            var trimmed = value.Trim();
            if (trimmed.Length > LongestValue)
            {
                _problems.Add($"\"{name}\" is longer than {LongestValue} characters.");
            }
            else if (trimmed.Length > 0 && Names.Contains(name))
            {
                _values[name] = trimmed;
            }
        }

        Sort = SortOf(this["sort"]);
        var parsed = FilterParser.Parse(this["q"] ?? "");
        Text = parsed.Terms;
        var translation = FilterTranslation.Of([.. parsed.Terms, .. Fields()], now, peers);
        (Filter, _peerEnds) = (translation.Filter, translation.PeerEnds);
        _problems.AddRange(parsed.Errors.Concat(translation.Errors).Select(static error => error.ToString()));
    }

    /// <summary>The terms of the filter text, without the fields.</summary>
    public IReadOnlyList<FilterTerm> Text { get; }

    /// <summary>What the store is asked for.</summary>
    public QueryFilter Filter { get; }

    /// <summary>In what order.</summary>
    public QuerySort Sort { get; }

    /// <summary>The cursor; null for the first page.</summary>
    public string? Cursor => this["at"];

    /// <summary>What could not be understood, each a sentence with its remedy.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether anything narrows the list.</summary>
    public bool IsFiltered => _values.Keys.Any(name => name is not ("sort" or "at"));

    /// <summary>Whether anything beyond key and background narrows it.</summary>
    public bool IsFilteredFurther => _values.Keys.Any(name => name is not ("sort" or "at" or "q" or "key" or "background"));

    /// <summary>A parameter as it was given; null when it was not.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Whether it names a peer by the end of its id, which only <see cref="ResolveAsync"/> can find.</summary>
    public bool NamesPeerByEnd => _peerEnds.Count > 0;

    /// <summary>The key that is looked for, as it was typed in the field or in the filter text; null when none is. Hostile text.</summary>
    public string? Key => this["key"] ?? Text.FirstOrDefault(static term => term is { Name: "key", IsNegated: false })?.Value;

    /// <summary>Whether the text or a field has a condition of this name.</summary>
    public bool Says(string name) => this[name] is not null || Text.Any(term => term.Name == name);

    /// <summary>What narrows it, in words; hostile text where a reader typed it.</summary>
    public string Describe() =>
        IsFiltered
            ? string.Join(
                ", ",
                Names.Where(name => this[name] is not null && name is not ("sort" or "at")).Select(name => $"{name} {this[name]}")
            )
            : "all";

    /// <summary>Reads the parameters of a request.</summary>
    /// <param name="query">The parameters.</param>
    /// <param name="now">The present, for <c>since</c>; null for the system's.</param>
    public static QueryListAddress Parse(IQueryCollection query, DateTimeOffset? now = null) =>
        Parse(
            query
                .Where(parameter => Names.Contains(parameter.Key))
                .Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value.ToString())),
            now
        );

    /// <summary>Reads parameters from pairs of names and values, each name at most once.</summary>
    public static QueryListAddress Parse(IEnumerable<KeyValuePair<string, string>> parameters, DateTimeOffset? now = null) =>
        new(parameters, now ?? TimeProvider.System.GetUtcNow());

    /// <summary>The address of a filter text alone, as options of the command line give it.</summary>
    /// <param name="filter">The text (docs/filters.md).</param>
    /// <param name="now">The present, for <c>since</c>.</param>
    public static QueryListAddress OfText(string filter, DateTimeOffset now) => Parse([KeyValuePair.Create("q", filter)], now);

    /// <summary>
    /// This address with the peers that are named by the end of their ids. An end that fits no peer of the archive, or several, is a
    /// problem.
    /// </summary>
    public async Task<QueryListAddress> ResolveAsync(TraceStore store, CancellationToken cancellationToken)
    {
        if (_peerEnds.Count == 0)
        {
            return this;
        }

        const int most = 3;
        var peers = new Dictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<FilterError>();
        foreach (var term in _peerEnds)
        {
            var found = await store.FindPeersAsync(term.Value, most, cancellationToken);
            if (found is [var only])
            {
                peers[KeySearch.Parse(term.Value).Tail ?? term.Value] = only;
            }
            else
            {
                var count = found.Count == most ? "several peers end" : $"{found.Count} peers end";
                var what = found.Count == 0 ? "no peer of this archive ends so; check it" : $"{count} so; give more characters";
                problems.Add(new FilterError(FilterErrorKind.UnclearPeer, term.At + 1, $"\"{term.Value}\" ({term.WrittenName}): {what}."));
            }
        }

        var resolved = new QueryListAddress(_values, _now, peers);
        resolved._problems.AddRange(problems.Select(static problem => problem.ToString()));
        return resolved;
    }

    /// <summary>This address without some conditions of its text.</summary>
    public QueryListAddress WithoutTerms(params IReadOnlyCollection<string> names) =>
        Text.Any(term => names.Contains(term.Name)) ? WithText(Text.Where(term => !names.Contains(term.Name))) : this;

    /// <summary>This address with other terms as its text.</summary>
    public QueryListAddress WithText(IEnumerable<FilterTerm> terms) =>
        With(("q", string.Join(' ', terms) is { Length: > 0 } text ? text : null));

    /// <summary>This address with some parameters changed; null takes one out. The place in the list is kept only when it is
    /// given.</summary>
    public QueryListAddress With(params IEnumerable<(string Name, string? Value)> changes)
    {
        var next = new Dictionary<string, string>(_values, StringComparer.Ordinal);
        next.Remove("at");
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                next.Remove(name);
            }
            else
            {
                next[name] = value;
            }
        }

        return new QueryListAddress(next, _now);
    }

    /// <summary>The address of the page.</summary>
    public override string ToString() => "/queries" + Parameters();

    /// <summary>The parameters alone, with a leading question mark; empty when there are none.</summary>
    public string Parameters()
    {
        var text = new StringBuilder();
        foreach (var name in Names)
        {
            if (this[name] is { } value)
            {
                text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return text.ToString();
    }

    /// <summary>The name of an order in addresses.</summary>
    public static string SortName(QuerySort sort) =>
        sort switch
        {
            QuerySort.Newest => "newest",
            QuerySort.Oldest => "oldest",
            QuerySort.Slowest => "slowest",
            QuerySort.Fastest => "fastest",
            QuerySort.MostPeers => "most-peers",
            QuerySort.FewestPeers => "fewest-peers",
            QuerySort.MostHops => "most-hops",
            QuerySort.FewestHops => "fewest-hops",
            QuerySort.Key => "key",
            QuerySort.KeyBackward => "key-backward",
            QuerySort.Type => "type",
            QuerySort.TypeBackward => "type-backward",
            QuerySort.Outcome => "outcome",
            QuerySort.OutcomeBackward => "outcome-backward",
            QuerySort.Source => "source",
            QuerySort.SourceBackward => "source-backward",
            _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, "No such order."),
        };

    // The fields as terms: the same conditions in another form.
    private IEnumerable<FilterTerm> Fields()
    {
        foreach (var name in Names.Where(name => name is not ("q" or "sort" or "at") && this[name] is not null))
        {
            var value = (name, this[name]) switch
            {
                ("background" or "skipped", "only") => "only",
                ("background", "1") => "shown",
                ("skipped", "0") => "hidden",
                ("background" or "skipped", _) => null,
                (_, var text) => text,
            };
            if (value is not null)
            {
                yield return new FilterTerm(Conditions.GetValueOrDefault(name, name), value, false) { WrittenName = name };
            }
        }
    }

    private QuerySort SortOf(string? text)
    {
        if (text is null)
        {
            return QuerySort.Newest;
        }

        foreach (var sort in Enum.GetValues<QuerySort>())
        {
            if (SortName(sort) == text)
            {
                return sort;
            }
        }

        _problems.Add($"\"{text}\" (sort) is not one of {string.Join(", ", Enum.GetValues<QuerySort>().Select(SortName))}.");
        return QuerySort.Newest;
    }
}
