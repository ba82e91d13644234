using System.Collections.Immutable;

namespace DhtTracer.Analysis.Lint;

/// <summary>What a rule found in a query.</summary>
/// <param name="Rule">Id of the rule, such as <c>DHT001</c>.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Sentence">One sentence with figures. It holds no text of the trace.</param>
/// <param name="Evidence">The peers and times that it rests on, the most important first.</param>
public sealed record LintFinding(string Rule, LintSeverity Severity, string Sentence, ImmutableArray<LintEvidence> Evidence);

/// <summary>A peer that a finding rests on. Times are nanoseconds after the query's start.</summary>
/// <param name="PeerId">The peer. Hostile text.</param>
/// <param name="FromNs">Start of what the finding is about; null when it is no time, and when unknown.</param>
/// <param name="ToNs">Its end; null when it is no time, and when unknown.</param>
public sealed record LintEvidence(string PeerId, long? FromNs, long? ToNs);

/// <summary>A rule that could not be checked.</summary>
/// <param name="Rule">Id of the rule.</param>
/// <param name="Reason">What the trace does not hold, as the end of a sentence after "because".</param>
public sealed record LintSilence(string Rule, string Reason);
