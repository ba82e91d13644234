using System.Collections.Immutable;

namespace DhtTracer.Analysis.Lint;

/// <summary>What a rule says of a query: a finding, nothing, or why it cannot tell.</summary>
internal abstract record LintVerdict
{
    /// <summary>The query keeps the rule, or the rule is not about such queries.</summary>
    public static LintVerdict Clean { get; } = new Kept();

    /// <summary>The trace does not hold what the rule needs.</summary>
    public static LintVerdict Silent(string reason) => new Untold(reason);

    /// <summary>The query breaks the rule.</summary>
    public static LintVerdict Found(string sentence, IEnumerable<LintEvidence> evidence, LintSeverity? severity = null) =>
        new Broken(sentence, [.. evidence], severity);

    internal sealed record Kept : LintVerdict;

    internal sealed record Untold(string Reason) : LintVerdict;

    internal sealed record Broken(string Sentence, ImmutableArray<LintEvidence> Evidence, LintSeverity? Severity) : LintVerdict;
}
