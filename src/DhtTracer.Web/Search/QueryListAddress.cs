using System.Globalization;
using System.Text;
using DhtTracer.Multiformats;
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
        "key",
        "peer",
        "type",
        "outcome",
        "error",
        "peererror",
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

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    private QueryListAddress(IEnumerable<KeyValuePair<string, string>> given)
    {
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

        Sort = Choice<QuerySort>("sort", SortName) ?? QuerySort.Newest;
        Filter = new QueryFilter
        {
            Key = this["key"] is { } key ? KeyFilter.Parse(key) : null,
            Peer = Peer("peer"),
            Node = Peer("node"),
            Type = Choice<QueryType>("type", Words.Of),
            Outcome = Choice<QueryOutcome>("outcome", Words.Of),
            Source = Choice<TraceSource>("source", Words.Of),
            ErrorClass = Class("error"),
            PeerErrorClass = Class("peererror"),
            Agent = this["agent"],
            Service = this["service"],
            MinDurationNs = Duration("min"),
            MaxDurationNs = Duration("max"),
            MinHops = Number("minhops"),
            MaxHops = Number("maxhops"),
            Alpha = Number("alpha"),
            FromUnixNano = Time("from"),
            ToUnixNano = Time("to"),
            Background = this["background"] switch
            {
                "1" => null,
                "only" => true,
                _ => false,
            },
            Skipped = this["skipped"] switch
            {
                "0" => false,
                "only" => true,
                _ => null,
            },
        };
    }

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
    public bool IsFilteredFurther => _values.Keys.Any(name => name is not ("sort" or "at" or "key" or "background"));

    /// <summary>A parameter as it was given; null when it was not.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Reads the parameters of a request.</summary>
    public static QueryListAddress Parse(IQueryCollection query) =>
        new(
            query
                .Where(parameter => Names.Contains(parameter.Key))
                .Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value.ToString()))
        );

    /// <summary>Reads parameters from pairs of names and values, each name at most once.</summary>
    public static QueryListAddress Parse(IEnumerable<KeyValuePair<string, string>> parameters) => new(parameters);

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

        return new QueryListAddress(next);
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

    private T? Choice<T>(string name, Func<T, string> nameOf)
        where T : struct, Enum
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == text)
            {
                return value;
            }
        }

        Problem<string>(name, "is not one of " + string.Join(", ", Enum.GetValues<T>().Select(nameOf)));
        return null;
    }

    private string? Class(string name) =>
        this[name] is { } text && !ErrorClass.All.Contains(text)
            ? Problem<string>(name, "is no error class; it is one of " + string.Join(", ", ErrorClass.All))
            : this[name];

    private string? Peer(string name) =>
        this[name] switch
        {
            null => null,
            { } text when PeerId.TryParse(text, out var peer) => peer.ToString(),
            _ => Problem<string>(name, "is no peer id; write it in base58 (12D3KooW…, Qm…) or as a CID (k51…, bafz…)"),
        };

    private long? Duration(string name)
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        if (DurationInput.TryParse(text, out var duration))
        {
            return duration;
        }

        Problem<string>(name, "is not a duration; write 250ms, 1.5s or 2m");
        return null;
    }

    private ulong? Time(string name)
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        if (TimeInput.TryParse(text, out var time))
        {
            return time;
        }

        Problem<string>(name, "is not a time; write 2026-11-22 or 2026-11-22T08:44, in UTC");
        return null;
    }

    private int? Number(string name)
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Problem<string>(name, "is no whole number");
        return null;
    }

    private T? Problem<T>(string name, string what)
        where T : class
    {
        _problems.Add($"\"{this[name]}\" ({name}) {what}.");
        return null;
    }
}
