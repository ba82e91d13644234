using System.Globalization;
using System.Text;
using DhtTracer.TestSupport;

namespace DhtTracer.Truth.Tests;

/// <summary>
/// The table of README.md: how many values of the captures in <c>tests/data</c> equal the truth. With
/// <c>DHT_TRACER_TRUTH_TABLE=1</c> the test writes it instead of comparing it.
/// </summary>
public sealed class TruthTableTests
{
    private const string Begin = "<!-- truth table -->";
    private const string End = "<!-- end of truth table -->";

    [Fact]
    public void The_table_of_the_readme_is_what_the_captures_of_the_repository_give()
    {
        var readme = Path.Combine(TestFiles.Repository, "README.md");
        var text = File.ReadAllText(readme);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= Begin.Length && end > begin, $"README.md has no {Begin} followed by {End}");

        var table = "\n" + Table();
        if (Environment.GetEnvironmentVariable("DHT_TRACER_TRUTH_TABLE") == "1")
        {
            File.WriteAllText(readme, string.Concat(text.AsSpan(0, begin), table, text.AsSpan(end)));
            return;
        }

        Assert.Equal(table, text[begin..end]);
    }

    [Fact]
    public void All_captures_are_there()
    {
        var absent = TruthSources
            .All.Where(static source => TestFiles.Shared(source.Kind) is null)
            .Select(static source => source.Kind)
            .ToList();

        Assert.SkipWhen(
            absent.Count > 0,
            $"only the captures of tests/data were compared: {string.Join(", ", absent)} are not under "
                + "DHT_TRACER_SHARED_DATA nor in a folder shared/data above the clone"
        );
    }

    private static string Table()
    {
        var table = new StringBuilder(
            "| source | captures | operations | values compared | equal | unknown | wrong |\n|---|---|---|---|---|---|---|\n"
        );
        foreach (var source in TruthSources.All)
        {
            var all = new Differences();
            foreach (var capture in CaptureFolder.InRepository(source.Kind))
            {
                all.Add(source.Compare(capture));
            }

            table.Append(
                CultureInfo.InvariantCulture,
                $"| {source.Name} | {all.Captures} | {all.Operations} | {all.Compared} | {all.Equal} | {all.Unknown} | {all.Wrong} |\n"
            );
        }

        return table.ToString();
    }
}
