using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DhtTracer.Analysis.Explain.Replay;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport;

namespace DhtTracer.Truth.Tests.Explain;

/// <summary>
/// How well a lookup that is replayed with its own parameters reproduces its real duration, over all captures. The table stands in
/// <c>docs/what-if.md</c>; with <c>DHT_TRACER_WHAT_IF_TABLE=1</c> the test writes it instead of comparing it.
/// </summary>
public sealed partial class WhatIfTableTests
{
    private const double MedianBound = 0.02;
    private const double TailBound = 0.05;
    private const double MostNotReproduced = 0.01;

    [Fact]
    public void Lookups_of_the_repository_replay_to_their_real_duration() => AssertWithinBounds(Rows(CaptureFolder.InRepository));

    [Fact]
    public void The_table_of_the_docs_is_what_all_captures_give()
    {
        var absent = Captured
            .Sources.Select(static source => source.Kind)
            .Distinct()
            .Where(static kind => TestFiles.Shared(kind) is null)
            .ToList();
        Assert.SkipWhen(
            absent.Count > 0,
            $"the table is made of all captures, and {string.Join(", ", absent)} are not under "
                + "DHT_TRACER_SHARED_DATA nor in a folder shared/data above the clone"
        );
        var rows = Rows(CaptureFolder.All);
        DocumentedTable.CompareOrWrite("what-if.md", "what-if table", Table(rows), "DHT_TRACER_WHAT_IF_TABLE");
        AssertWithinBounds(rows);
    }

    // A lookup that the replay does not reproduce must be the rare exception, else the bounds would hold by leaving the rest out.
    private static void AssertWithinBounds(IReadOnlyList<Row> rows)
    {
        var replayed = rows.Sum(static row => row.Errors.Count);
        var missed = rows.Sum(static row => row.NotReproduced);
        Assert.True(missed <= replayed * MostNotReproduced, $"{missed} lookups are not reproduced, {replayed} are");
        foreach (var row in rows.Where(static row => row.Errors.Count > 0))
        {
            Assert.True(Percentile(row.Errors, 0.5) <= MedianBound, $"{row.Name}: the median error is {Percentile(row.Errors, 0.5):P2}");
            Assert.True(
                Percentile(row.Errors, 0.95) <= TailBound,
                $"{row.Name}: the 95th percentile of the errors is {Percentile(row.Errors, 0.95):P2}"
            );
        }
    }

    private static List<Row> Rows(Func<string, IReadOnlyList<CaptureFolder>> captures)
    {
        var rows = new List<Row>();
        foreach (var (name, kind, files) in Captured.Sources)
        {
            var queries = captures(kind)
                .Where(capture => capture.Files(files).Any())
                .SelectMany(capture => Captured.Queries(capture, files));
            rows.AddRange(
                queries
                    .GroupBy(static query => query.Type)
                    .OrderBy(static group => group.Key)
                    .Select(group => Row.Of($"{name}, {JsonName(group.Key)}", group))
            );
        }

        rows.Add(Row.Of("js-libp2p", Captured.OfJs()));
        return rows;
    }

    private static string JsonName(QueryType type) => System.Text.Json.JsonSerializer.Serialize(type).Trim('"');

    private static string Table(IEnumerable<Row> rows)
    {
        var table = new StringBuilder(
            "| source and type | lookups | replayed | does not reproduce | median error | 95th percentile | within 5 % | not "
                + "replayed, because |\n|---|---|---|---|---|---|---|---|\n"
        );
        foreach (var row in rows)
        {
            table.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Lookups} | {row.Errors.Count} | {row.NotReproduced} | ");
            table.Append(
                row.Errors.Count == 0
                    ? "– | – | –"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Percentile(row.Errors, 0.5) * 100:0.0} % | {Percentile(row.Errors, 0.95) * 100:0.0} % | "
                            + $"{100.0 * row.Errors.Count(static e => e <= TailBound) / row.Errors.Count:0} %"
                    )
            );
            table
                .Append(" | ")
                .AppendJoin(
                    "; ",
                    row.Reasons.OrderByDescending(static reason => reason.Value)
                        .ThenBy(static reason => reason.Key, StringComparer.Ordinal)
                        .Select(static reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Value}: {reason.Key}"))
                )
                .Append(" |\n");
        }

        return table.ToString();
    }

    // Nearest rank.
    private static double Percentile(IReadOnlyList<double> sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Count) - 1];

    private sealed record Row(
        string Name,
        int Lookups,
        int NotReproduced,
        IReadOnlyList<double> Errors,
        IReadOnlyDictionary<string, int> Reasons
    )
    {
        public static Row Of(string name, IEnumerable<Query> queries)
        {
            var errors = new List<double>();
            var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
            var (lookups, notReproduced) = (0, 0);
            foreach (var query in queries)
            {
                lookups++;
                var replay = WhatIf.Of(query);
                if (replay.DoesNotReproduce)
                {
                    notReproduced++;
                    TestContext.Current.SendDiagnosticMessage(
                        "{0}: {1} {2:P1} of {3:0.0} ms {4}",
                        name,
                        query.Id,
                        replay.OwnError ?? 0,
                        query.DurationNs / 1e6,
                        query.Termination?.ToString() ?? ""
                    );
                }
                else if (replay.CannotSay is null)
                {
                    errors.Add(Math.Abs(replay.OwnError ?? throw new InvalidOperationException("a replay without an error")));
                }
                else
                {
                    var reason = Kind(replay.CannotSay);
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                }
            }

            errors.Sort();
            return new Row(name, lookups, notReproduced, errors, reasons);
        }

        // Numbers differ from query to query.
        private static string Kind(string reason) => Number().Replace(reason, "n");
    }

    [GeneratedRegex(@"\b[0-9]+\b")]
    private static partial Regex Number();
}
