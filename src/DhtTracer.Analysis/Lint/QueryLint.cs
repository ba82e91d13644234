using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>
/// What the rules of <see cref="LintRules"/> say of one query. The same query always gives the same findings. A rule that the trace cannot
/// answer is silent: it never guesses.
/// </summary>
public sealed record QueryLint
{
    /// <summary>What was found, most severe first, then by rule.</summary>
    public required ImmutableArray<LintFinding> Findings { get; init; }

    /// <summary>The rules that could not be checked, by id.</summary>
    public required ImmutableArray<LintSilence> Silent { get; init; }

    /// <summary>The rules with a finding: bit <see cref="LintRule.Number"/> of each.</summary>
    [JsonIgnore]
    public long Mask => MaskOf(Findings.Select(static finding => finding.Rule));

    /// <summary>Checks a query against every rule. A query that asked nobody is checked for its empty routing table only.</summary>
    public static QueryLint Of(Query query) => Of(new LintSubject(query));

    /// <summary>The same with the query's activities and path at hand.</summary>
    internal static QueryLint Of(Query query, ImmutableArray<PeerActivity> activities, CriticalPath? path) =>
        Of(new LintSubject(query, activities, path));

    /// <summary>The bits of some rules.</summary>
    public static long MaskOf(IEnumerable<string> rules) =>
        rules.Aggregate(0L, static (mask, id) => mask | (1L << (LintRules.Find(id)?.Number ?? 0))) & ~1L;

    /// <summary>The rules that any query of an operation breaks; null when none was checked.</summary>
    public static long? MaskOf(IReadOnlyCollection<Query> queries) =>
        queries.Any(static query => query.LintMask is not null)
            ? queries.Aggregate(0L, static (mask, query) => mask | query.LintMask.GetValueOrDefault())
            : null;

    private static QueryLint Of(LintSubject subject)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        var silent = ImmutableArray.CreateBuilder<LintSilence>();
        foreach (var rule in LintRules.All)
        {
            switch (rule.Check(subject))
            {
                case LintVerdict.Broken broken:
                    findings.Add(new LintFinding(rule.Id, broken.Severity ?? rule.Severity, broken.Sentence, broken.Evidence));
                    break;
                case LintVerdict.Untold untold:
                    silent.Add(new LintSilence(rule.Id, untold.Reason));
                    break;
            }
        }

        findings.Sort(static (x, y) => x.Severity != y.Severity ? y.Severity.CompareTo(x.Severity) : string.CompareOrdinal(x.Rule, y.Rule));
        return new QueryLint { Findings = findings.ToImmutable(), Silent = silent.ToImmutable() };
    }
}
