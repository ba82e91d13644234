using System.Globalization;
using System.Text.Json;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Kubo;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>
/// A command is begun on the page Run and followed to its verdict while a Kubo runs it. The Kubo is a stand-in that replays the stream
/// of a real one in its timing, and stops before the first provider until the browser has shown what came before. What is expected is
/// counted in the stream.
/// </summary>
public sealed class LiveKuboRunTests(Browser chromium)
{
    [Fact]
    public async Task A_command_is_run_at_a_Kubo_and_followed_live_to_its_verdict()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        var providers = Providers(captured);
        Assert.NotEmpty(providers);
        await using var kubo = await FakeKubo.StartAsync(node: captured.Node);
        var before = captured.Lines.TakeWhile(static line => TypeOf(JsonDocument.Parse(line.Json).RootElement) != 4).Count();
        var shown = new TaskCompletionSource();
        kubo.Replay(captured, held: (before, shown.Task));
        await using var tracer = await TracerProcess.StartAsync(null, "--kubo", kubo.Url.ToString());

        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/run");
        Assert.Contains(captured.Node[^6..], await page.Locator(".page-head").InnerTextAsync(), StringComparison.Ordinal);
        await page.Locator("form.run select[name=op]").SelectOptionAsync("get-providers");
        await page.Locator("form.run input[name=key]").FillAsync(captured.Key);
        await page.Locator("form.run button").ClickAsync();
        await page.WaitForURLAsync(static url => url.Contains("/q/", StringComparison.Ordinal));

        // The command runs and has found nothing yet.
        await UntilAsync(async () => await QueriedAsync(page) == Asked(captured, before), "the first requests");
        var rows = page.Locator("tbody.rows tr");
        await rows.First.WaitForAsync();
        Assert.Equal("incomplete", await page.Locator(".tiles .outcome").InnerTextAsync());
        await page.EvaluateAsync("document.body.marked = true");

        // The rest comes into the same page.
        shown.SetResult();
        await UntilAsync(async () => await page.Locator(".tiles .outcome").InnerTextAsync() == "success", "the outcome");
        await page.Locator(".note.why b").WaitForAsync();
        Assert.Matches($"^{providers.Count} providers? found after ", await page.Locator(".note.why b").InnerTextAsync());
        Assert.True(await page.EvaluateAsync<bool>("document.body.marked === true"), "the page was loaded again");
        Assert.Equal(
            providers.Count.ToString(CultureInfo.InvariantCulture),
            (await page.Locator(".tiles > div:has(dt:text-is('results')) dd").InnerTextAsync()).Trim()
        );
        Assert.Equal(Asked(captured, captured.Lines.Length), await QueriedAsync(page));

        // The daemon was asked once, with our trace.
        var request = Assert.Single(kubo.Requests);
        Assert.StartsWith("00-" + page.Url.Split("/q/")[1][..32], request.TraceParent, StringComparison.Ordinal);

        await page.Locator(".note.why a").ClickAsync();
        await page.Locator("h2:text-is('Critical path')").WaitForAsync();
        await page.GotoAsync(tracer.Site + "/run");
        Assert.Contains(
            "success",
            await page.Locator("table[aria-label='Recent queries of this node']").InnerTextAsync(),
            StringComparison.Ordinal
        );
        browser.AssertNoProblems();
    }

    /// <summary>Asked beside the page, so that "not there yet" is no error of the page.</summary>
    private static async Task<int> QueriedAsync(IPage page)
    {
        var (site, query) = (new Uri(page.Url).GetLeftPart(UriPartial.Authority), page.Url.Split("/q/")[1][..49]);
        var answer = await page.APIRequest.GetAsync($"{site}/api/v1/queries/{query}");
        return answer.Ok && (await answer.JsonAsync())?.TryGetProperty("counts", out var counts) == true
            ? counts.GetProperty("queried").GetInt32()
            : -1;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var waited = 0; !await condition(); waited++)
        {
            Assert.True(waited < 600, $"{what} did not come within a minute");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ids in the stream's events of type Provider (4).</summary>
    private static HashSet<string> Providers(CapturedCommand command) =>
        [
            .. Events(command, command.Lines.Length, 4)
                .SelectMany(static found => found.GetProperty("Responses").EnumerateArray())
                .Select(static peer => peer.GetProperty("ID").GetString()!),
        ];

    /// <summary>Peers with an event of type SendingQuery (0) among the first lines.</summary>
    private static int Asked(CapturedCommand command, int lines) =>
        Events(command, lines, 0).Select(static sent => sent.GetProperty("ID").GetString()!).Distinct(StringComparer.Ordinal).Count();

    private static IEnumerable<JsonElement> Events(CapturedCommand command, int lines, int type) =>
        command.Lines.Take(lines).Select(static line => JsonDocument.Parse(line.Json).RootElement).Where(line => TypeOf(line) == type);

    private static int TypeOf(JsonElement line) => line.GetProperty("Type").GetInt32();
}
