using DhtTracer.Analysis.Lint;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The mark of a rule at the head of the page of a query.</summary>
/// <param name="Rule">Id of the rule.</param>
/// <param name="Title">What it found.</param>
internal sealed record LintMark(string Rule, string Title)
{
    /// <summary>The findings that are worth a mark: all but notes.</summary>
    public static IReadOnlyList<LintMark> Of(QueryLint lint) =>
        [
            .. lint
                .Findings.Where(static finding => finding.Severity != LintSeverity.Note)
                .Select(static finding => new LintMark(finding.Rule, $"{LintRules.Find(finding.Rule)!.Title}. {finding.Sentence}")),
        ];
}
