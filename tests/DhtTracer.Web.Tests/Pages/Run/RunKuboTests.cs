using System.Net;
using AngleSharp.Html.Dom;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Web.Node;
using DhtTracer.Web.Tests.Fixture;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Web.Tests.Pages.Run;

public sealed class RunKuboTests
{
    private const string AnyCid = "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye";

    [Fact]
    public async Task Runs_a_captured_command_at_the_kubo_and_shows_its_providers()
    {
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        await using var kubo = await FakeKubo.StartAsync(node: captured.Node);
        kubo.Replay(captured, 50);
        await using var site = await StartAsync(kubo);
        var response = await PostAsync(site, "get-providers", captured.Key);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        var target = response.Headers.Location!.OriginalString;
        Assert.Matches(@"^/q/[0-9a-f]{32}-[0-9a-f]{16}\?follow=\d+$", target);
        Assert.StartsWith($"00-{target[3..35]}-{target[36..52]}-01", Assert.Single(kubo.Requests).TraceParent, StringComparison.Ordinal);
        await WaitAsync(async () =>
            (await site.JsonAsync($"/api/v1/queries/{target[3..52]}")).GetProperty("outcome").GetString() == "success"
        );

        var query = await site.JsonAsync($"/api/v1/queries/{target[3..52]}");
        Assert.Equal(
            ("get-providers", "kubo-events", 5),
            (
                query.GetProperty("type").GetString(),
                query.GetProperty("source").GetString(),
                query.GetProperty("counts").GetProperty("results").GetInt32()
            )
        );
        Assert.Equal(captured.Node, query.GetProperty("node").GetString());
    }

    [Fact]
    public async Task The_page_of_a_running_command_shows_it_before_its_end()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer(
            "routing/findprovs",
            new FakeKuboAnswer
            {
                Lines =
                [
                    (
                        TimeSpan.Zero,
                        """{"Extra":"","ID":"12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf","Responses":null,"Type":0}"""
                    ),
                ],
                End = TimeSpan.FromMinutes(10),
            }
        );
        await using var site = await StartAsync(kubo);
        var target = (await PostAsync(site, "get-providers", AnyCid)).Headers.Location!.OriginalString;
        await WaitAsync(async () => (await site.PageAsync(target)).Body!.TextContent.Contains("XYrf", StringComparison.Ordinal));

        Assert.Equal("incomplete", (await site.JsonAsync($"/api/v1/queries/{target[3..52]}")).GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_refusal_is_shown_with_its_remedy_and_what_was_typed_stays()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer(
            "routing/findprovs",
            FakeKuboAnswer.Of("""{"Message":"this command must be run in online mode","Code":1,"Type":"error"}""") with
            {
                Status = 500,
            }
        );
        await using var site = await StartAsync(kubo);
        var response = await PostAsync(site, "get-providers", AnyCid);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var page = await Site.DocumentAsync(response);
        Assert.Contains("ipfs daemon", Assert.Single(page.Texts(".note.bad")), StringComparison.Ordinal);
        Assert.Equal(AnyCid, page.QuerySelector("form.run input[name=key]")!.GetAttribute("value"));
    }

    [Theory]
    [InlineData("ping", "12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf", "A Kubo runs")]
    [InlineData("get-providers", "hello", "is no CID")]
    public async Task What_the_kubo_would_not_take_is_not_sent(string operation, string key, string problem)
    {
        await using var kubo = await FakeKubo.StartAsync();
        await using var site = await StartAsync(kubo);
        var response = await PostAsync(site, operation, key);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(problem, Assert.Single((await Site.DocumentAsync(response)).Texts(".note.bad")), StringComparison.Ordinal);
        Assert.Empty(kubo.Requests);
    }

    [Fact]
    public async Task A_kubo_that_is_away_is_said()
    {
        var kubo = await FakeKubo.StartAsync();
        await using var site = await StartAsync(kubo);
        await kubo.DisposeAsync();

        Assert.Contains(
            "No Kubo listens",
            (await site.PageAsync("/run")).QuerySelector("#kubo-away")!.TextContent,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Forbidden, 0)]
    [InlineData(true, HttpStatusCode.Redirect, 1)]
    public async Task Under_a_foreign_name_the_kubo_is_asked_only_when_the_site_is_open_to_others(
        bool open,
        HttpStatusCode status,
        int requests
    )
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of());
        await using var site = await StartAsync(kubo, open);
        site.Client.DefaultRequestHeaders.Host = "rebound.example";
        var token = await site.PageAsync("/queries");

        Assert.Equal(status, (await PostAsync(site, token, "get-providers", AnyCid)).StatusCode);
        Assert.Equal(requests, kubo.Requests.Count);
    }

    [Fact]
    public async Task No_request_can_name_another_kubo()
    {
        await using var kubo = await FakeKubo.StartAsync();
        await using var other = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of());
        await using var site = await StartAsync(kubo);
        var page = await site.PageAsync("/run?kubo=" + Uri.EscapeDataString(other.Url.ToString()));
        await PostAsync(site, page, "get-providers", AnyCid, ("kubo", other.Url.ToString()));

        Assert.Empty(other.Requests);
        Assert.Single(kubo.Requests);
    }

    private static Task<Site> StartAsync(FakeKubo kubo, bool open = false) =>
        Site.StartAsync(services =>
            services.AddSingleton(provider => new KuboConnection(
                new KuboRpcClient(new KuboAddress(kubo.Url, null)),
                new SpanSink(provider.GetRequiredService<TraceStore>(), provider.GetRequiredService<IngestStatistics>()),
                open
            ))
        );

    private static async Task<HttpResponseMessage> PostAsync(Site site, string operation, string key) =>
        await PostAsync(site, await site.PageAsync("/run"), operation, key);

    private static async Task<HttpResponseMessage> PostAsync(
        Site site,
        IHtmlDocument page,
        string operation,
        string key,
        params (string Name, string Value)[] more
    )
    {
        var token = page.QuerySelector("input[name=__RequestVerificationToken]")!.GetAttribute("value")!;
        using var form = new FormUrlEncodedContent([
            new("op", operation),
            new("key", key),
            new("value", ""),
            new("at", "kubo"),
            new("__RequestVerificationToken", token),
            .. more.Select(field => KeyValuePair.Create(field.Name, field.Value)),
        ]);
        return await site.Client.PostAsync(new Uri("/run", UriKind.Relative), form);
    }

    /// <summary>The runner stores on its own; how soon depends on the machine.</summary>
    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        while (!await TryAsync(condition))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<bool> TryAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (Xunit.Sdk.TrueException)
        {
            // The first span has not been stored yet: 404.
            return false;
        }
    }
}
