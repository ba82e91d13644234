using System.Text;
using System.Text.Json;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The rules of axe-core (https://github.com/dequelabs/axe-core) for WCAG 2.0, 2.1 and 2.2, levels A and AA, and its best
/// practices.</summary>
public sealed class AccessibilityTests(Browser browser, SharedSite shared)
{
    private const string Run = """
        async rules => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const runOnly = rules ? { type: "rule", values: rules } : { type: "tag", values: tags };
          const { violations, passes } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
          const nodes = v => v.nodes.map(n => ({ html: n.html.slice(0, 300), summary: n.failureSummary }));
          return { passes: passes.length, violations: violations.map(v => ({ id: v.id, help: v.help, nodes: nodes(v) })) };
        }
        """;

    private static readonly View NarrowAndDark = new()
    {
        Width = 400,
        Height = 800,
        Dark = true,
    };

    /// <summary>
    /// The colour scheme changes colours and nothing else, and the width what is shown and where: all rules at both widths, and for the
    /// first state of each page what colours decide in the other scheme as well.
    /// </summary>
    private static readonly (View View, string[]? Rules)[] FirstViews =
    [
        (new(), null),
        (new() { Dark = true }, Colours),
        (NarrowAndDark, null),
        (new() { Width = 400, Height = 800 }, Colours),
    ];

    private static readonly (View View, string[]? Rules)[] FurtherViews = [(new(), null), (NarrowAndDark, null)];

    private static string[] Colours => ["color-contrast", "link-in-text-block"];

    /// <summary>Where a picture of each state in each view goes, for people to look at (see <c>tests/browser/pictures</c>); null for
    /// nowhere.</summary>
    private static string? Pictures => Environment.GetEnvironmentVariable("DHT_TRACER_PICTURES");

    public static TheoryData<string> States => SiteStates.Names;

    [Theory]
    [MemberData(nameof(States))]
    public async Task No_rule_is_broken(string state)
    {
        var axe = Needs.Axe;
        Assert.SkipWhen(axe is null, Needs.Why("axe-core"));
        var archive = await shared.OpenAsync();
        await AssertAccessibleAsync(archive.Site, SiteStates.Of(state, archive), state, axe);
    }

    [Fact]
    public async Task No_rule_is_broken_before_anything_was_imported()
    {
        var axe = Needs.Axe;
        Assert.SkipWhen(axe is null, Needs.Why("axe-core"));
        await using var tracer = await TracerProcess.StartAsync();
        await AssertAccessibleAsync(tracer.Site, new SiteState("/queries"), "queries, nothing yet", axe);
    }

    private async Task AssertAccessibleAsync(string site, SiteState state, string picture, string axe)
    {
        var script = await File.ReadAllTextAsync(axe, TestContext.Current.CancellationToken);
        var broken = new StringBuilder();
        await browser.ReadAsync(
            site,
            async page =>
            {
                await state.OpenAsync(page);
                await page.KeepFirstRowsAsync(ofEachKind: 4);

                // Evaluated from outside the page, so that the page's content security policy stays as it is.
                await page.Page.EvaluateAsync(script);
                foreach (var (view, rules) in picture.Contains(',', StringComparison.Ordinal) ? FurtherViews : FirstViews)
                {
                    await page.Page.SetViewportSizeAsync(view.Width, view.Height);
                    await page.Page.EmulateMediaAsync(
                        new PageEmulateMediaOptions { ColorScheme = view.Dark ? ColorScheme.Dark : ColorScheme.Light }
                    );
                    if (Pictures is { } folder)
                    {
                        var file = Path.Combine(
                            folder,
                            $"{picture.Replace(", ", "-", StringComparison.Ordinal).Replace(' ', '-')}-{view}.png"
                        );
                        await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = file, FullPage = true });
                    }

                    var result = await page.Page.EvaluateAsync<JsonElement>(Run, rules);
                    Assert.True(result.GetProperty("passes").GetInt32() >= (rules is null ? 10 : 1), "hardly a rule was applied");
                    foreach (var rule in result.GetProperty("violations").EnumerateArray())
                    {
                        broken.AppendLine($"{view}: {rule.GetProperty("id")}, {rule.GetProperty("help")}");
                        foreach (var node in rule.GetProperty("nodes").EnumerateArray().Take(5))
                        {
                            broken.AppendLine(
                                $"  {node.GetProperty("html")}\n    "
                                    + node.GetProperty("summary").GetString()?.Replace("\n", "\n    ", StringComparison.Ordinal)
                            );
                        }
                    }
                }
            }
        );

        Assert.True(broken.Length == 0, $"{state.Address}\n{broken}");
    }
}
