using System.Text;
using System.Text.Json;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The rules of axe-core (https://github.com/dequelabs/axe-core) for WCAG 2.0, 2.1 and 2.2, levels A and AA, and its best practices.</summary>
public sealed class AccessibilityTests(Browser browser, SharedSite shared)
{
    private const string Run =
        """
        async () => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const { violations, passes } = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
          return { passes: passes.length, violations: violations.map(v => ({ id: v.id, help: v.help, nodes: v.nodes.map(n => ({ html: n.html.slice(0, 300), summary: n.failureSummary })) })) };
        }
        """;

    private static readonly View[] Views = [new(), new() { Dark = true }, new() { Width = 400, Height = 800 }, new() { Width = 400, Height = 800, Dark = true }];

    public static TheoryData<string> States => SiteStates.Names;

    [Theory]
    [MemberData(nameof(States))]
    public async Task No_rule_is_broken(string state)
    {
        var axe = Needs.Axe;
        Assert.SkipWhen(axe is null, Needs.Why("axe-core"));
        var archive = await shared.OpenAsync();
        var (address, status) = SiteStates.Of(state, archive);
        await AssertAccessibleAsync(archive.Site, address, status, axe);
    }

    [Fact]
    public async Task No_rule_is_broken_before_anything_was_imported()
    {
        var axe = Needs.Axe;
        Assert.SkipWhen(axe is null, Needs.Why("axe-core"));
        await using var tracer = await TracerProcess.StartAsync();
        await AssertAccessibleAsync(tracer.Site, "/queries", 200, axe);
    }

    private async Task AssertAccessibleAsync(string site, string address, int status, string axe)
    {
        var script = await File.ReadAllTextAsync(axe, TestContext.Current.CancellationToken);
        var broken = new StringBuilder();
        foreach (var view in Views)
        {
            await browser.VisitAsync(site, async page =>
            {
                await page.GoAsync(address, status);

                // Evaluated from outside the page, so that the page's content security policy stays as it is.
                await page.Page.EvaluateAsync(script);
                var result = await page.Page.EvaluateAsync<JsonElement>(Run);
                Assert.True(result.GetProperty("passes").GetInt32() > 10, "hardly a rule was applied");
                foreach (var rule in result.GetProperty("violations").EnumerateArray())
                {
                    broken.AppendLine($"{view}: {rule.GetProperty("id")}, {rule.GetProperty("help")}");
                    foreach (var node in rule.GetProperty("nodes").EnumerateArray().Take(5))
                    {
                        broken.AppendLine($"  {node.GetProperty("html")}\n    {node.GetProperty("summary").GetString()?.Replace("\n", "\n    ", StringComparison.Ordinal)}");
                    }
                }
            }, view);
        }

        Assert.True(broken.Length == 0, $"{address}\n{broken}");
    }
}
