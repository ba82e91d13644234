using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Lint;
using DhtTracer.TestSupport;
using DhtTracer.Truth.Tests.Explain;

namespace DhtTracer.Truth.Tests.Lint;

/// <summary>
/// How often each rule finds something in the captures. The table stands in <c>docs/lint.md</c>; with <c>DHT_TRACER_LINT_TABLE=1</c> the
/// test writes it instead of comparing it.
/// </summary>
public sealed class LintTableTests
{
    [Fact]
    public void The_table_of_the_docs_is_what_all_captures_give()
    {
        var absent = Captured.Sources.Select(static source => source.Kind).Distinct().Where(static kind => TestFiles.Shared(kind) is null);
        Assert.SkipWhen(absent.Any(), "the table is made of all captures, which are not all under DHT_TRACER_SHARED_DATA");
        var columns = new List<(string Name, List<QueryLint> Queries)>();
        foreach (var (name, kind, files) in Captured.Sources)
        {
            var captures = CaptureFolder.All(kind).Where(capture => capture.Files(files).Any());
            columns.Add((name, [.. captures.SelectMany(capture => Captured.Queries(capture, files)).Select(QueryLint.Of)]));
        }

        columns.Add(("js-libp2p", [.. Captured.OfJs().Select(QueryLint.Of)]));
        DocumentedTable.CompareOrWrite("lint.md", "lint table", Table(columns), "DHT_TRACER_LINT_TABLE");
    }

    private static string Table(List<(string Name, List<QueryLint> Queries)> columns)
    {
        var table = new StringBuilder("| rule |");
        foreach (var (name, queries) in columns)
        {
            table.Append(CultureInfo.InvariantCulture, $" {name} ({queries.Count}) |");
        }

        table.Append("\n|---|").Insert(table.Length, "---|", columns.Count).Append('\n');
        foreach (var rule in LintRules.All)
        {
            table.Append(CultureInfo.InvariantCulture, $"| {rule.Id} {rule.Title} |");
            foreach (var (_, queries) in columns)
            {
                var found = queries.Count(lint => lint.Findings.Any(finding => finding.Rule == rule.Id));
                var silent = queries.Count(lint => lint.Silent.Any(silence => silence.Rule == rule.Id));
                table.Append(CultureInfo.InvariantCulture, $" {found}{(silent == 0 ? "" : $" ({silent})")} |");
            }

            table.Append('\n');
        }

        return table.ToString();
    }
}
