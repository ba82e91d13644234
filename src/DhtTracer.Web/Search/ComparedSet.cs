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
    /// <summary>The parameter beside those of the list of queries.</summary>
    public const string AgentName = "agent";

    private ComparedSet(string prefix, QueryListAddress address, string? agent)
    {
        Prefix = prefix;
        Address = address;
        Agent = agent;
    }

    /// <summary><c>a</c> or <c>b</c>.</summary>
    public string Prefix { get; }

    /// <summary>What narrows it.</summary>
    public QueryListAddress Address { get; }

    /// <summary>Agent versions begin like this; null for any.</summary>
    public string? Agent { get; }

    /// <summary>Whether the address says anything of this set.</summary>
    public bool IsGiven => Address.IsFiltered || Agent is not null;

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

            if (Agent is { Length: > QueryListAddress.LongestValue })
            {
                yield return $"{name}: \"agent\" is longer than {QueryListAddress.LongestValue} characters.";
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

        var agent = own.GetValueOrDefault(AgentName).ToString().Trim();
        return new ComparedSet(prefix, QueryListAddress.Parse(new QueryCollection(own)), agent.Length == 0 ? null : agent);
    }

    /// <summary>The facts of its queries.</summary>
    public async Task<QuerySet> ReadAsync(TraceStore store, CancellationToken cancellationToken)
    {
        var set = await QuerySet.ReadAsync(store, Address.Filter, cancellationToken);
        return Agent is null ? set : set with { Facts = [.. set.Facts.Where(fact => fact.Agents.Any(agent => agent.Name.StartsWith(Agent, StringComparison.Ordinal)))] };
    }

    /// <summary>A value as it was given; null when it was not.</summary>
    public string? this[string name] => name == AgentName ? Agent : Address[name];

    /// <summary>The set with something changed; null takes it out.</summary>
    public ComparedSet With(string name, string? value) =>
        name == AgentName ? new ComparedSet(Prefix, Address, value) : new ComparedSet(Prefix, Address.With((name, value)), Agent);

    /// <summary>The same queries under the other prefix.</summary>
    public ComparedSet As(string prefix) => new(prefix, Address, Agent);

    /// <summary>The set with an end, so that it means the same tomorrow.</summary>
    public ComparedSet Until(DateTimeOffset now) => Address["to"] is null ? With("to", TimeInput.Text(TimeRange.UnixNano(now))) : this;

    /// <summary>Its part of an address, without a leading mark; empty when nothing narrows it.</summary>
    public string Parameters()
    {
        var parts = QueryListAddress.Names.Where(name => Address[name] is not null)
            .Select(name => $"{Prefix}.{name}={Uri.EscapeDataString(Address[name]!)}");
        return string.Join('&', Agent is null ? parts : parts.Append($"{Prefix}.{AgentName}={Uri.EscapeDataString(Agent)}"));
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
