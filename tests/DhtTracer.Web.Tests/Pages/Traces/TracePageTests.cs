using System.Net;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Traces;

public sealed class TracePageTests
{
    [Fact]
    public async Task A_trace_can_be_pinned_and_let_go_and_its_pages_say_so()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 20));
        var query = (await site.Store.ListQueriesAsync(new QueryFilter())).Rows[0];
        var trace = query.Id.TraceId;
        foreach (var pinned in new[] { true, false })
        {
            var form = (await site.PageAsync($"/traces/{trace}")).QuerySelector(
                "form[action*=pin], form[action*=Pin], form[action*=Unpin]"
            )!;
            using var content = new FormUrlEncodedContent([
                new("__RequestVerificationToken", form.QuerySelector("input[name=__RequestVerificationToken]")!.GetAttribute("value")!),
            ]);
            var answer = await site.Client.PostAsync(new Uri(form.GetAttribute("action")!, UriKind.Relative), content);

            Assert.Equal((HttpStatusCode.Redirect, $"/traces/{trace}"), (answer.StatusCode, answer.Headers.Location!.ToString()));
            Assert.Equal(pinned, await site.Store.Upkeep.IsPinnedAsync(trace));
            foreach (var address in new[] { $"/q/{query.Id}", $"/o/{query.OperationId}" })
            {
                var links = (await site.PageAsync(address)).QuerySelectorAll($".facts a[href='/traces/{trace}']");
                Assert.Equal(pinned ? ["pinned"] : [], links.Select(static link => link.TextContent));
            }
        }
    }

    [Fact]
    public async Task Pinning_needs_the_token_of_the_page()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 20));
        var trace = (await site.Store.ListQueriesAsync(new QueryFilter())).Rows[0].Id.TraceId;
        using var empty = new FormUrlEncodedContent([]);
        var answer = await site.Client.PostAsync(new Uri($"/traces/{trace}?handler=Pin", UriKind.Relative), empty);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(await site.Store.Upkeep.IsPinnedAsync(trace));
    }

    private static readonly TraceId Trace = new(0x1234, 0x5678);

    [Fact]
    public async Task Shows_every_attribute_event_link_resource_and_scope_as_text()
    {
        var span = Make(1, 0) with
        {
            Name = "<b>name</b>",
            Attributes = AttributeList.Of(
                ("text", "<i>"),
                ("number", 42),
                ("flag", true),
                ("list", new ArrayValue(["a", 1])),
                ("bytes", new BytesValue([0xCA, 0xFE])),
                ("text", "twice")
            ),
            Events =
            [
                new SpanEvent
                {
                    Name = "<event>",
                    TimeUnixNano = SimulatedQueries.Epoch + 5_000_000,
                    Attributes = AttributeList.Of(("why", "because")),
                },
            ],
            Links = [new SpanLink { TraceId = new TraceId(1, 2), SpanId = new SpanId(3) }],
            Status = new SpanStatus(StatusCode.Error, "<status>"),
            TraceState = "vendor=1",
            DroppedAttributesCount = 7,
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", "<service>")) },
            Scope = new InstrumentationScope { Name = "<scope>", Version = "9" },
        };
        await using var site = await Site.StartAsync();
        await site.AddAsync([span]);
        var page = await site.PageAsync($"/traces/{Trace}");
        var text = page.QuerySelector(".spans")!.TextContent;
        foreach (
            var expected in new[]
            {
                "<b>name</b>",
                "<i>",
                "42",
                "true",
                "cafe",
                "twice",
                "<event>",
                "because",
                "Error <status>",
                "vendor=1",
                "7, by the sender's limits",
                "<service>",
                "<scope>",
            }
        )
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }

        Assert.NotNull(page.QuerySelector("a[href='/traces/00000000000000010000000000000002#s0000000000000003']"));
        Assert.Empty(page.QuerySelectorAll(".spans i, .spans event, .spans scope"));
    }

    [Fact]
    public async Task Children_stand_below_their_parents_and_orphans_are_marked()
    {
        await using var site = await Site.StartAsync();
        await site.AddAsync([Make(3, 2), Make(1, 0), Make(4, 99), Make(2, 1)]);
        var page = await site.PageAsync($"/traces/{Trace}");
        Assert.Equal(["span 1", "span 2", "span 3", "span 4 orphan"], page.Texts(".spans summary .name"));
        Assert.Equal(["0", "14", "28", "0"], page.QuerySelectorAll(".spans .indent").Select(indent => indent.GetAttribute("width")));
    }

    [Fact]
    public async Task A_circle_of_parents_shows_every_span_once()
    {
        await using var site = await Site.StartAsync();
        await site.AddAsync([Make(1, 2), Make(2, 1), Make(3, 3)]);
        Assert.Equal(3, (await site.PageAsync($"/traces/{Trace}")).QuerySelectorAll(".spans details").Length);
    }

    [Fact]
    public async Task A_span_that_never_ended_has_no_duration()
    {
        await using var site = await Site.StartAsync();
        await site.AddAsync([Make(1, 0), Make(2, 1) with { EndUnixNano = 0 }]);
        Assert.Equal("no end", (await site.PageAsync($"/traces/{Trace}")).Texts(".spans summary .num")[1]);
    }

    [Fact]
    public async Task A_trace_of_many_spans_comes_in_pages()
    {
        await using var site = await Site.StartAsync();
        await site.AddAsync([.. Enumerable.Range(1, 1100).Select(i => Make((ulong)i, i == 1 ? 0UL : 1UL))]);
        var first = await site.PageAsync($"/traces/{Trace}");
        var last = await site.PageAsync($"/traces/{Trace}?page=3");
        Assert.Equal(500, first.QuerySelectorAll(".spans details").Length);
        Assert.Equal(100, last.QuerySelectorAll(".spans details").Length);
        Assert.Contains("1,100 spans", first.QuerySelector(".page-head")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_that_is_not_here_says_so()
    {
        await using var site = await Site.StartAsync();
        var response = await site.Client.GetAsync(new Uri($"/traces/{Trace}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("This trace is not here", (await Site.DocumentAsync(response)).QuerySelector("h1")!.Text());
    }

    private static Span Make(ulong id, ulong parent) =>
        new()
        {
            TraceId = Trace,
            SpanId = new SpanId(id),
            ParentSpanId = new SpanId(parent),
            Name = $"span {id}",
            StartUnixNano = SimulatedQueries.Epoch + (id * 1000),
            EndUnixNano = SimulatedQueries.Epoch + (id * 1000) + 1_000_000,
            Resource = Resource.Empty,
            Scope = InstrumentationScope.Empty,
        };
}
