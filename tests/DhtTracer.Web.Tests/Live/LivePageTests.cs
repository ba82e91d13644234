using System.Net.Http.Json;
using System.Text.Json.Nodes;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Live;

public sealed class LivePageTests
{
    [Theory]
    [InlineData("/queries", "page")]
    [InlineData("/queries?type=get-providers", "page")]
    [InlineData("/queries?sort=slowest", "rows")]
    [InlineData("/queries?sort=oldest", "rows")]
    public async Task Only_the_newest_end_of_the_list_takes_new_rows(string address, string mode)
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 3));
        Assert.Equal(mode, (await site.PageAsync(address)).QuerySelector("main")!.GetAttribute("data-live"));
    }

    [Fact]
    public async Task The_events_begin_with_the_stamp_of_the_page_and_name_what_changes()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 3));
        var stamp = (await site.PageAsync("/queries")).QuerySelector("main")!.GetAttribute("data-stamp");
        using var stream = new StreamReader(await site.Client.GetStreamAsync(new Uri("/api/v1/events", UriKind.Relative)));
        Assert.Equal(("hello", stamp), await EventAsync(stream));
        var query = SimulatedQueries.Make(2, 3);
        await site.AddAsync(NativeTrace.Of(query));
        Assert.Equal(("changed", query.Id.ToString()), await EventAsync(stream));
        Assert.NotEqual(stamp, (await site.PageAsync("/queries")).QuerySelector("main")!.GetAttribute("data-stamp"));
    }

    [Fact]
    public async Task Counts_the_queries_that_were_added_after_a_page_was_made()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 3));
        var page = await site.PageAsync("/queries?sort=slowest&type=ping");
        var address = page.QuerySelector("[data-live-new]")?.GetAttribute("data-live-new");
        Assert.Null(address); // nothing passes the filter, so there is no list
        address = (await site.PageAsync("/queries?sort=slowest&type=get-providers"))
            .QuerySelector("[data-live-new]")!
            .GetAttribute("data-live-new")!;
        await site.AddAsync(NativeTrace.Of(SimulatedQueries.Make(2, 3)));
        await site.AddAsync(NativeTrace.Of(SimulatedQueries.Make(3, 3, query => query with { Type = QueryType.Ping })));
        var answer = await site.Client.GetFromJsonAsync<JsonNode>(new Uri(address, UriKind.Relative));
        Assert.Equal((1, false), ((int)answer!["count"]!, (bool)answer["isCut"]!));
    }

    [Fact]
    public async Task A_query_is_followed_while_its_root_is_missing_and_for_a_moment_after_its_end()
    {
        var now = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var old = SimulatedQueries.Make(1, 3);
        var running = SimulatedQueries.Make(
            2,
            3,
            query => query with { Outcome = QueryOutcome.Incomplete, StartUnixNano = now - 6_000_000_000 }
        );

        // Its root will not come any more.
        var lost = SimulatedQueries.Make(4, 3, query => query with { Outcome = QueryOutcome.Incomplete });
        var fresh = SimulatedQueries.Make(3, 3, query => query with { StartUnixNano = now - 6_000_000_000, DurationNs = 5_000_000_000 });
        await using var site = await Site.StartAsync(old, running, lost, fresh);
        Assert.Equal(
            ["none", "page", "none", "page"],
            await Task.WhenAll(
                new[] { old, running, lost, fresh }.Select(async query =>
                    (await site.PageAsync($"/q/{query.Id}")).QuerySelector("main")!.GetAttribute("data-live") ?? "none"
                )
            )
        );
    }

    private static async Task<(string Type, string? Data)> EventAsync(StreamReader stream)
    {
        var (type, data) = ("", "");
        while (await stream.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) is { Length: > 0 } line)
        {
            type = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : type;
            data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
        }

        return (type, data);
    }
}
