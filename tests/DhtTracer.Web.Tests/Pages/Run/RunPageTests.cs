using System.Net;
using AngleSharp.Html.Dom;
using DhtTracer.Web.Node;
using DhtTracer.Web.Tests.Fixture;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Web.Tests.Pages.Run;

public sealed class RunPageTests
{
    private const string Hostile = "</textarea><script>alert(1)</script>";

    [Fact]
    public async Task Sends_the_command_and_leads_to_the_page_of_the_query_which_waits()
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        var response = await PostAsync(site, "get-providers", "  bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq ");
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        var target = response.Headers.Location!.OriginalString;
        Assert.Matches(@"^/q/000000000000000000000000000000aa-00000000000000bb\?follow=\d+$", target);
        Assert.Equal("get-providers bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq [follow=1]", Assert.Single(node.Commands));

        var page = await site.PageAsync(target);
        Assert.Equal("Waiting for the first span", page.QuerySelector("h1")!.Text());
        Assert.Equal("page", page.QuerySelector("main")!.GetAttribute("data-live"));
        Assert.Equal("000000000000000000000000000000aa-00000000000000bb", page.QuerySelector("main")!.GetAttribute("data-live-query"));
        Assert.Contains("http-equiv=\"refresh\"", page.QuerySelector("noscript")!.InnerHtml, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync(new Uri(target.Split('?')[0], UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData(61, HttpStatusCode.OK, "No span has arrived")]
    [InlineData(700, HttpStatusCode.NotFound, "This query is not here")]
    [InlineData(-100, HttpStatusCode.NotFound, "This query is not here")]
    public async Task Waiting_is_limited_in_time(int secondsAgo, HttpStatusCode status, string heading)
    {
        await using var site = await Site.StartAsync();
        var follow = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - secondsAgo;
        var response = await site.Client.GetAsync(
            new Uri($"/q/000000000000000000000000000000aa-00000000000000bb?follow={follow}", UriKind.Relative)
        );
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(heading, (await Site.DocumentAsync(response)).QuerySelector("h1")!.Text());
    }

    [Theory]
    [InlineData("plain value", "put-value /v/a 'plain value' [follow=1]")]
    [InlineData(" spaced\n", "put-value /v/a ' spaced\n' [follow=1]")]
    public async Task A_value_arrives_as_it_was_typed(string value, string command)
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        await PostAsync(site, "put-value", "/v/a", value);
        Assert.Equal(command, Assert.Single(node.Commands));
    }

    [Fact]
    public async Task What_the_node_notes_of_a_put_is_shown_beside_the_link_to_its_page()
    {
        await using var node = await FakeNode.StartAsync();
        node.Answer = Results.Json(
            new
            {
                id = "000000000000000000000000000000aa-00000000000000bb",
                notes = new[] { "the message has 16400 bytes; nodes of rust-libp2p take at most 16384 and reset the stream", Hostile },
            },
            statusCode: 202
        );
        await using var site = await StartAsync(node.Address);
        var response = await PostAsync(site, "put-value", "/v/a", new string('v', 16_384));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var page = await Site.DocumentAsync(response);
        Assert.Equal(
            [
                "The node says: the message has 16400 bytes; nodes of rust-libp2p take at most 16384 and reset the stream.",
                $"The node says: {Hostile}.",
            ],
            page.Texts(".note.warn")
        );
        Assert.Matches(
            @"^/q/000000000000000000000000000000aa-00000000000000bb\?follow=\d+$",
            page.QuerySelector(".note a")!.GetAttribute("href")!
        );
        Assert.Single(node.Commands);
    }

    [Fact]
    public async Task A_key_with_spaces_and_quotes_arrives_quoted()
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        await PostAsync(site, "get-value", "/v/it's a b");
        Assert.Equal(@"get-value '/v/it'\''s a b' [follow=1]", Assert.Single(node.Commands));
    }

    [Theory]
    [InlineData("exit", "x", "", "Choose one of the operations.")]
    [InlineData("", "x", "", "Choose one of the operations.")]
    [InlineData("ping", "", "", "ping needs a key: a peer id or address.")]
    [InlineData("ping", "a", "v", "ping takes no value; only put-value does.")]
    [InlineData("put-value", "/v/a", "", "put-value needs a value.")]
    public async Task What_cannot_be_sent_is_said_and_not_sent(string operation, string key, string value, string problem)
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        var response = await PostAsync(site, operation, key, value);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal([problem], (await Site.DocumentAsync(response)).Texts(".note.bad"));
        Assert.Empty(node.Commands);
    }

    [Fact]
    public async Task What_is_too_long_is_not_sent()
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        var response = await PostAsync(site, "put-value", new string('k', 1001), new string('v', 65_537));
        Assert.Equal(
            ["The key has 1,001 characters; at most 1,000 are sent.", "The value has 65,537 bytes; at most 65,536 are sent."],
            (await Site.DocumentAsync(response)).Texts(".note.bad")
        );
        Assert.Empty(node.Commands);
        await PostAsync(site, "put-value", "/v/" + new string('k', 997), new string('ü', 32_768));
        Assert.Single(node.Commands);
    }

    [Fact]
    public async Task The_text_of_the_node_is_shown_encoded_and_what_was_typed_stays()
    {
        await using var node = await FakeNode.StartAsync();
        node.Answer = Results.Text($"'{Hostile}' is no CID\n", statusCode: 400);
        await using var site = await StartAsync(node.Address);
        var response = await PostAsync(site, "put-value", Hostile, Hostile);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var page = await Site.DocumentAsync(response);
        Assert.Equal([$"The node says: '{Hostile}' is no CID"], page.Texts(".note.bad"));
        Assert.Equal(Hostile, ((IHtmlTextAreaElement)page.QuerySelector("textarea")!).Value);
        Assert.Equal(Hostile, page.QuerySelector("form.run input[name=key]")!.GetAttribute("value"));
        Assert.Equal("put-value", page.QuerySelector("option[selected]")!.Text());
        Assert.Empty(page.QuerySelectorAll("main script"));
    }

    [Fact]
    public async Task A_node_that_exports_nothing_is_told_apart()
    {
        await using var node = await FakeNode.StartAsync();
        node.Answer = Results.Json(new { id = (string?)null, permalink = (string?)null }, statusCode: 202);
        await using var site = await StartAsync(node.Address);
        var page = await Site.DocumentAsync(await PostAsync(site, "ping", FakeNode.Id));
        Assert.Contains("exports no spans", page.QuerySelector(".note")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_away_is_said_with_the_command_that_starts_one()
    {
        await using var site = await StartAsync(new Uri("http://127.0.0.1:1"));
        var page = await site.PageAsync("/run");
        Assert.Contains("No node listens on http://127.0.0.1:1/.", page.QuerySelector("#away")!.Text(), StringComparison.Ordinal);
        Assert.Equal(
            $"dht-tracer node --control-port 1 --site {site.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}",
            page.QuerySelector("#away pre")!.Text()
        );
        var response = await PostAsync(site, "ping", FakeNode.Id);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(
            ["The query was not sent. No node listens on http://127.0.0.1:1/."],
            (await Site.DocumentAsync(response)).Texts(".note.bad")
        );
    }

    [Fact]
    public async Task What_answers_and_is_no_node_is_said()
    {
        await using var node = await FakeNode.StartAsync();
        node.Switch = Results.Text("<h1>It works!</h1>");
        await using var site = await StartAsync(node.Address);
        Assert.Contains(
            "It says: <h1>It works!</h1>",
            (await site.PageAsync("/run")).QuerySelector("#away")!.Text(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Shows_the_node_its_connections_and_its_latest_queries()
    {
        await using var node = await FakeNode.StartAsync();
        var queries = Enumerable
            .Range(1, 12)
            .Select(seed =>
                SimulatedQueries.Make(seed, 3, query => query with { Node = seed == 12 ? SimulatedQueries.PeerIdOf(5) : FakeNode.Id })
            );
        await using var site = await StartAsync(node.Address, queries);
        var page = await site.PageAsync("/run?op=get-value&key=/v/name");
        Assert.Contains("2 connections", page.QuerySelector(".page-head")!.Text(), StringComparison.Ordinal);
        Assert.Equal($"/peers/{FakeNode.Id}", page.QuerySelector(".page-head a")!.GetAttribute("href"));
        Assert.Equal(
            Enumerable.Range(2, 10).Reverse().Select(seed => $"/q/{SimulatedQueries.Make(seed, 3).Id}"),
            page.QuerySelectorAll("table a[href^='/q/']").Select(link => link.GetAttribute("href"))
        );
        Assert.Equal(["QmNnooDu…ezGAJN", "<b>strange</b>"], page.Texts("table[aria-label='Connected peers'] td:first-child"));
        Assert.Equal("13ms", page.Texts("table[aria-label='Connected peers'] td.num")[0]);
        Assert.Equal("get-value", page.QuerySelector("option[selected]")!.Text());
        Assert.Equal("/v/name", page.QuerySelector("input[name=key][required]")!.GetAttribute("value"));
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync(new Uri("/run/none", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_form_of_a_foreign_page_is_refused()
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await StartAsync(node.Address);
        using var form = new FormUrlEncodedContent([new("op", "ping"), new("key", FakeNode.Id)]);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.Client.PostAsync(new Uri("/run", UriKind.Relative), form)).StatusCode);
        Assert.Empty(node.Commands);
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Forbidden, 0)]
    [InlineData(true, HttpStatusCode.Redirect, 1)]
    public async Task Under_a_foreign_name_queries_run_only_when_the_node_was_named(bool given, HttpStatusCode status, int commands)
    {
        await using var node = await FakeNode.StartAsync();
        await using var site = await Site.StartAsync(services => services.AddSingleton(new NodeAddress(node.Address, given)));
        site.Client.DefaultRequestHeaders.Host = "rebound.example";
        var page = await site.PageAsync("/run");
        Assert.Equal(given, page.QuerySelector("form.run") is not null);
        Assert.Equal(given, page.Body!.TextContent.Contains("connections", StringComparison.Ordinal));
        var token = given ? page : await TokenAsync(site);
        Assert.Equal(status, (await PostAsync(site, token, "ping", FakeNode.Id, "")).StatusCode);
        Assert.Equal(commands, node.Commands.Count);
    }

    private static Task<Site> StartAsync(Uri node, params IEnumerable<DhtTracer.Analysis.Model.Query> queries) =>
        Site.StartAsync(services => services.AddSingleton(new NodeAddress(node, isGiven: false)), queries);

    private static async Task<HttpResponseMessage> PostAsync(Site site, string operation, string key, string value = "") =>
        await PostAsync(site, await site.PageAsync("/run"), operation, key, value);

    private static async Task<HttpResponseMessage> PostAsync(Site site, IHtmlDocument page, string operation, string key, string value)
    {
        var token = page.QuerySelector("input[name=__RequestVerificationToken]")!.GetAttribute("value")!;
        using var form = new FormUrlEncodedContent([
            new("op", operation),
            new("key", key),
            new("value", value),
            new("__RequestVerificationToken", token),
        ]);
        return await site.Client.PostAsync(new Uri("/run", UriKind.Relative), form);
    }

    /// <summary>A page with a form token: the empty list offers the samples.</summary>
    private static Task<IHtmlDocument> TokenAsync(Site site) => site.PageAsync("/queries");
}
