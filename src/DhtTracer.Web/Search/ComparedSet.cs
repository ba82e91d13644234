using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DhtTracer.Web.Search;

/// <summary>
/// One of the two sets of a comparison. Its parameters are those of the list of queries with a prefix: <c>a.from=…&amp;a.to=…&amp;b.type=get-value</c>,
/// and <c>agent</c>, which takes the queries that met a peer whose agent version begins so.
/// </summary>
internal sealed class ComparedSet
{
    private readonly string prefix;

    private ComparedSet(string prefix, QueryListAddress address, string? agent)
    {
        this.prefix = prefix;
        Address = address;
        Agent = agent;
    }

    /// <summary>What narrows it.</summary>
    public QueryListAddress Address { get; }

    /// <summary>Agent versions begin like this; null for any.</summary>
    public string? Agent { get; }

    /// <summary>Whether the address says anything of this set.</summary>
    public bool IsGiven => Address.IsFiltered || Agent is not null;

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

        var agent = own.GetValueOrDefault("agent").ToString().Trim();
        return new ComparedSet(
            prefix, QueryListAddress.Parse(new QueryCollection(own)), agent.Length is 0 or > QueryListAddress.LongestValue ? null : agent);
    }

    /// <summary>The facts of its queries, at most <see cref="StatisticsScope.MostQueries"/>, the latest.</summary>
    public async Task<IReadOnlyList<QueryFacts>> ReadAsync(TraceStore store, CancellationToken cancellationToken)
    {
        var facts = await store.ListQueryFactsAsync(Address.Filter, StatisticsScope.MostQueries, cancellationToken);
        return Agent is null ? facts : [.. facts.Where(fact => fact.Agents.Any(agent => agent.Name.StartsWith(Agent, StringComparison.Ordinal)))];
    }

    /// <summary>Its part of an address, without a leading mark; empty when nothing narrows it.</summary>
    public string Parameters()
    {
        var parts = QueryListAddress.Names.Where(name => Address[name] is not null)
            .Select(name => $"{prefix}.{name}={Uri.EscapeDataString(Address[name]!)}");
        return string.Join('&', Agent is null ? parts : parts.Append($"{prefix}.agent={Uri.EscapeDataString(Agent)}"));
    }

    /// <summary>In words: what narrows it.</summary>
    public string Describe()
    {
        var parts = QueryListAddress.Names.Where(name => Address[name] is not null && name is not ("from" or "to"))
            .Select(name => $"{name} {Address[name]}").ToList();
        if (Address["from"] is not null || Address["to"] is not null)
        {
            parts.Insert(0, $"{Address["from"]?.Replace('T', ' ') ?? "the beginning"} to {Address["to"]?.Replace('T', ' ') ?? "now"}");
        }

        if (Agent is not null)
        {
            parts.Add($"agent {Agent}");
        }

        return parts.Count == 0 ? "all queries" : string.Join(", ", parts);
    }
}
