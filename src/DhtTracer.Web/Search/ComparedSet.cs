using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Storage.Filters;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DhtTracer.Web.Search;

/// <summary>
/// One of the two sets of a comparison. Its parameters are those of the list of queries with a prefix:
/// <c>a.from=…&amp;a.to=…&amp;b.type=get-value</c>.
/// </summary>
internal sealed class ComparedSet
{
    private ComparedSet(string prefix, QueryListAddress address)
    {
        Prefix = prefix;
        Address = address;
    }

    /// <summary><c>a</c> or <c>b</c>.</summary>
    public string Prefix { get; }

    /// <summary>What narrows it.</summary>
    public QueryListAddress Address { get; }

    /// <summary>Whether the address says anything of this set.</summary>
    public bool IsGiven => Address.IsFiltered;

    /// <summary>What was not understood, each a sentence that names the set.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            var name = Prefix.ToUpperInvariant();
            foreach (var problem in Address.Problems)
            {
                yield return $"{name}: {problem}";
            }

            if (Address.Filter is { FromUnixNano: { } from, ToUnixNano: { } to } && from >= to)
            {
                yield return $"{name}: {Address["from"]} (from) is not before {Address["to"]} (until).";
            }
        }
    }

    /// <summary>Reads the set of a prefix, <c>a</c> or <c>b</c>.</summary>
    public static ComparedSet Parse(string prefix, IQueryCollection query)
    {
        var own = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var (name, value) in query)
        {
            if (name.StartsWith(prefix + ".", StringComparison.Ordinal))
            {
                own[name[(prefix.Length + 1)..]] = value;
            }
        }

        return new ComparedSet(prefix, QueryListAddress.Parse(new QueryCollection(own)));
    }

    /// <summary>The set with the peers that are named by the end of their ids.</summary>
    public async Task<ComparedSet> ResolveAsync(TraceStore store, CancellationToken cancellationToken) =>
        new(Prefix, await Address.ResolveAsync(store, cancellationToken));

    public Task<OperationColumns> ReadAsync(TraceStore store, CancellationToken cancellationToken) =>
        store.ReadOperationsAsync(Address.Filter, cancellationToken);

    /// <summary>A value as it was given; null when it was not.</summary>
    public string? this[string name] => Address[name];

    /// <summary>The set with something changed; null takes it out.</summary>
    public ComparedSet With(string name, string? value) => new(Prefix, Address.With((name, value)));

    /// <summary>The queries of a list as a set, without their order.</summary>
    public static ComparedSet Of(string prefix, QueryListAddress address) => new(prefix, address.With(("sort", null)));

    /// <summary>The address of a comparison.</summary>
    public static string Compare(ComparedSet a, ComparedSet b) =>
        "/compare?" + string.Join('&', new[] { a.Parameters(), b.Parameters() }.Where(static part => part.Length > 0));

    /// <summary>The same queries under the other prefix.</summary>
    public ComparedSet As(string prefix) => new(prefix, Address);

    /// <summary>The set with an end, so that it means the same tomorrow.</summary>
    public ComparedSet Until(DateTimeOffset now)
    {
        var address = Address;
        if (address.Text.Any(static term => term.Name == "since") && address.Filter.FromUnixNano is { } from)
        {
            address = address.WithoutTerms("since").With(("from", TimeInput.Text(from)));
        }

        return new(Prefix, address.Says("to") ? address : address.With(("to", TimeInput.Text(TimeRange.UnixNano(now)))));
    }

    /// <summary>Its part of an address, without a leading <c>?</c> or <c>&amp;</c>; empty without a filter.</summary>
    public string Parameters()
    {
        return string.Join(
            '&',
            QueryListAddress
                .Names.Where(name => Address[name] is not null)
                .Select(name => $"{Prefix}.{name}={Uri.EscapeDataString(Address[name]!)}")
        );
    }

    /// <summary>Its filters in words.</summary>
    public string Describe()
    {
        var parts = QueryListAddress
            .Names.Where(name => Address[name] is not null && name is not ("from" or "to"))
            .Select(name => $"{name} {Address[name]}")
            .ToList();
        if (Address["from"] is not null || Address["to"] is not null)
        {
            parts.Insert(0, $"{Address["from"]?.Replace('T', ' ') ?? "the beginning"} to {Address["to"]?.Replace('T', ' ') ?? "now"}");
        }

        return parts.Count == 0 ? "all queries" : string.Join(", ", parts);
    }
}
