using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>
/// What a real Kubo 0.43.1 sent, sent again to the running product in the time in which it came (18 seconds), while a browser looks on.
/// What is compared is what the client of the daemon's API saw, never spans.
/// </summary>
public sealed class KuboReplayTests(Browser chromium)
{
    private static readonly string Folder = TestFiles.Data("kubo", "file-exporter");

    [Fact]
    public async Task Each_command_of_a_running_Kubo_becomes_one_row_live_and_one_is_followed_to_its_verdict()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        var commands = Commands();
        Assert.NotEmpty(commands);
        await using var tracer = await TracerProcess.StartAsync();
        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries");
        Assert.Equal("No span has arrived yet. Ingest", (await page.Locator(".arrived").InnerTextAsync()).Trim());
        await page.EvaluateAsync("document.body.marked = true");

        var sending = SendAsync(tracer.Url("OTLP over HTTP"));

        // From the first span on, without a reload: the row, then the operation, then the verdict.
        var followed = commands.First(command => command.Path == "routing/findprovs" && command.Providers > 0);
        var row = page.Locator($"tr[id^='r-{followed.Trace}']");
        await UntilAsync(async () => await row.CountAsync() == 1, "the row of the command");
        Assert.True(await page.EvaluateAsync<bool>("document.body.marked === true"), "the page was loaded again");
        await UntilAsync(async () => await row.Locator(".c-outcome").InnerTextAsync() == "success", "its outcome");
        var operation = await browser.OpenAsync(tracer.Site + await row.Locator(".c-key a").First.GetAttributeAsync("href"));
        await UntilAsync(async () => await operation.Locator(".note.why b").CountAsync() == 1, "its verdict");
        Assert.Matches("^[0-9]+ providers? found after ", await operation.Locator(".note.why b").InnerTextAsync());
        Assert.Equal("/api/v0/routing/findprovs", await operation.Locator(".asked-by code").Last.InnerTextAsync());
        Assert.Equal(followed.Providers.ToString(CultureInfo.InvariantCulture), await TileAsync(operation, "results"));
        Assert.Equal(1, await operation.Locator(".wf .side .mark").CountAsync());
        Assert.True(await operation.Locator("tbody.rows tr").CountAsync() > 3);

        // The client measured the command from outside, with the way there and back.
        var shown = await operation.EvaluateAsync<long>(
            "id => fetch(`/api/v1/operations/${id}`).then(answer => answer.json()).then(found => found.durationNs)",
            operation.Url.Split('/')[^1]
        );
        Assert.InRange(shown, 1, followed.DurationNs);

        await operation.Locator(".note.why a").ClickAsync();
        await operation.Locator("h2:text-is('Critical path')").WaitForAsync();
        await sending;

        // Every command is one row, also when all has come and been analysed.
        await UntilAsync(
            async () =>
                !(await operation.EvaluateAsync<string>("fetch('/metrics').then(answer => answer.text())")).Contains(
                    "analysis_pending_traces 1",
                    StringComparison.Ordinal
                ),
            "the analysis"
        );
        foreach (var command in commands)
        {
            var rows = page.Locator($"tr[id^='r-{command.Trace}']");
            await UntilAsync(async () => await rows.CountAsync() == 1, $"one row of {command.Path}");
        }

        browser.AssertNoProblems();
    }

    private static async Task<string> TileAsync(IPage page, string name) =>
        (await page.Locator($".tiles > div:has(dt:text-is('{name}')) dd").InnerTextAsync()).Trim();

    /// <summary>Commands of the DHT that ask one thing, in order.</summary>
    private static List<Command> Commands()
    {
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(Path.Combine(Folder, "truth.jsonl.gz")), CompressionMode.Decompress)
        );
        var commands = new List<Command>();
        while (reader.ReadLine() is { } line)
        {
            var json = JsonDocument.Parse(line).RootElement;
            if (
                json.GetProperty("via").GetString() != "api"
                || json.GetProperty("command").GetString() is not { } text
                || PathOf(text)
                    is not ("routing/findprovs" or "routing/findpeer" or "routing/provide" or "routing/get" or "routing/put")
                        and not "dht/query"
            )
            {
                continue;
            }

            var main = json.GetProperty("traces").EnumerateArray().Where(trace => trace.GetProperty("role").GetString() == "main").ToList();
            var providers = new HashSet<string>(StringComparer.Ordinal);
            foreach (var given in json.GetProperty("lines").EnumerateArray())
            {
                if (given[1].ValueKind == JsonValueKind.Object && given[1].TryGetProperty("Type", out var type) && type.GetInt32() == 4)
                {
                    providers.UnionWith(
                        given[1].GetProperty("Responses").EnumerateArray().Select(response => response.GetProperty("ID").GetString()!)
                    );
                }
            }

            if (main is [var trace])
            {
                commands.Add(
                    new Command(
                        PathOf(text)!,
                        trace.GetProperty("id").GetString()!,
                        providers.Count,
                        json.GetProperty("end").GetInt64() - json.GetProperty("start").GetInt64()
                    )
                );
            }
        }

        return commands;
    }

    // POST /api/v0/routing/findprovs?arg=…
    private static string? PathOf(string command) =>
        command.IndexOf("/api/v0/", StringComparison.Ordinal) is >= 0 and var at ? command[(at + 8)..].Split('?')[0] : null;

    /// <summary>Sends the bodies as the exporter sent them, each at its time.</summary>
    private static async Task SendAsync(string endpoint)
    {
        using var spans = new MemoryStream();
        await using (var packed = new GZipStream(File.OpenRead(Path.Combine(Folder, "spans.00.pb.gz")), CompressionMode.Decompress))
        {
            await packed.CopyToAsync(spans);
        }

        await using var file = new GZipStream(File.OpenRead(Path.Combine(Folder, "arrivals.json.gz")), CompressionMode.Decompress);
        var arrivals = (await JsonDocument.ParseAsync(file)).RootElement.EnumerateArray().ToList();
        using var client = new HttpClient();
        var started = TimeProvider.System.GetTimestamp();
        foreach (var arrival in arrivals)
        {
            var due = TimeSpan.FromTicks((arrival.GetProperty("t").GetInt64() - arrivals[0].GetProperty("t").GetInt64()) / 100);
            if (due - TimeProvider.System.GetElapsedTime(started) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, TestContext.Current.CancellationToken);
            }

            using var body = new ByteArrayContent(
                spans.GetBuffer(),
                arrival.GetProperty("offset").GetInt32(),
                arrival.GetProperty("length").GetInt32()
            );
            body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            (await client.PostAsync(new Uri(endpoint), body, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var waited = 0; !await condition(); waited++)
        {
            Assert.True(waited < 600, $"{what} did not come within a minute");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private sealed record Command(string Path, string Trace, int Providers, long DurationNs);
}
