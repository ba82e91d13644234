using System.Globalization;
using DhtTracer.EndToEnd.Tests.Site;
using DhtTracer.TestSupport;
using DhtTracer.Truth.Tests;
using DhtTracer.Truth.Tests.Kubo;

namespace DhtTracer.EndToEnd.Tests.Replay;

/// <summary>One command of a Kubo in a browser, from its first span to the verdict.</summary>
public sealed class KuboLiveTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_is_followed_from_its_first_span_to_the_verdict()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        var capture = CaptureFolder.Of("kubo", "file-exporter");
        var command = CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).Select(static line => new KuboCommand(line))
            .First(static command => command is { Path: "routing/findprovs", IsKilled: false } && command.Events(4).Any());
        await using var tracer = await TracerProcess.StartAsync();
        await using var browser = await LiveBrowser.StartAsync();

        // Nothing has arrived: the page says so, and how to send something.
        var page = await browser.OpenAsync(tracer.Site + "/queries");
        Assert.Equal("No queries yet", await page.Locator("h1").InnerTextAsync());
        Assert.Contains($"OTEL_EXPORTER_OTLP_ENDPOINT={new Uri(tracer.Url("OTLP over HTTP")).GetLeftPart(UriPartial.Authority)}", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);

        var replay = new CaptureReplay(capture, tracer.Url("OTLP over HTTP"), 1).RunAsync(Cancel);

        // The page is not reloaded: the row comes by itself.
        var row = page.Locator($"tbody tr[id^='r-{command.MainTraces.Single()}']");
        await row.WaitForAsync(new() { Timeout = (float)Patience.TotalMilliseconds });
        Assert.Equal(1, await row.CountAsync());
        await replay;
        await Until(async () => await row.Locator(".outcome").First.InnerTextAsync() == "success");

        // Its sides on one axis, and why it took as long as it did.
        await row.Locator(".c-key a").First.ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/o/", StringComparison.Ordinal));
        var text = await page.Locator("main").InnerTextAsync();
        Assert.Contains("WAN", text, StringComparison.Ordinal);
        Assert.Contains("LAN", text, StringComparison.Ordinal);
        var providers = command.Events(4).SelectMany(static line => line.Line.GetProperty("Responses").EnumerateArray())
            .Select(static peer => peer.GetProperty("ID").GetString()).Distinct().Count();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{providers} provider"), text, StringComparison.Ordinal);
        Assert.NotEqual("", (await page.Locator(".note.why").First.InnerTextAsync()).Trim());
        browser.AssertNoProblems();
    }

    private static async Task Until(Func<Task<bool>> condition)
    {
        for (var end = DateTime.UtcNow + Patience; !await condition();)
        {
            Assert.True(DateTime.UtcNow < end, "waited for a minute");
            await Task.Delay(100, Cancel);
        }
    }
}
