using System.Net;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Queries;

public sealed class QueriesPageTests
{
    [Fact]
    public async Task Lists_the_newest_first_and_walks_every_page_once_while_queries_arrive()
    {
        await using var site = await Site.StartAsync(Enumerable.Range(1, 120).Select(seed => SimulatedQueries.Make(seed, 4)));
        var seen = new List<string?>();
        string? next = "/queries";
        while (next is not null)
        {
            var page = await site.PageAsync(next);
            seen.AddRange(page.QuerySelectorAll("a.key").Select(link => link.GetAttribute("href")));
            next = page.QuerySelector("a[rel=next]")?.GetAttribute("href");
            if (seen.Count == 50)
            {
                await site.AddAsync(NativeTrace.Of(SimulatedQueries.Make(500, 4)));
            }
        }

        var expected = Enumerable.Range(1, 120).Reverse().Select(seed => $"/q/{SimulatedQueries.Make(seed, 4).Id}");
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task Goes_back_to_the_page_before()
    {
        await using var site = await Site.StartAsync(Enumerable.Range(1, 60).Select(seed => SimulatedQueries.Make(seed, 4)));
        var first = await site.PageAsync("/queries");
        var second = await site.PageAsync(first.QuerySelector("a[rel=next]")!.GetAttribute("href")!);
        var back = await site.PageAsync(second.QuerySelector("a[rel=prev]")!.GetAttribute("href")!);
        Assert.Equal(first.Texts("a.key"), back.Texts("a.key"));
        Assert.Null(second.QuerySelector("a[rel=next]"));
    }

    [Fact]
    public async Task The_head_of_every_column_sorts_by_it_and_turns_it_round()
    {
        await using var site = await Site.StartAsync(
            Enumerable
                .Range(1, 6)
                .Select(seed =>
                    SimulatedQueries.Make(
                        seed,
                        4 + seed,
                        q =>
                            q with
                            {
                                Type = seed % 2 == 0 ? QueryType.FindPeer : QueryType.Ping,
                                Outcome = seed % 3 == 0 ? QueryOutcome.Failed : QueryOutcome.Success,
                            }
                    )
                )
        );
        var heads = (await site.PageAsync("/queries")).QuerySelectorAll(".queries thead th:not(.pick)");
        Assert.Equal(["Started ↓", "Type", "Key", "Outcome", "Duration", "Peers", "Hops", "Source"], heads.Select(head => head.Text()));
        foreach (var head in heads)
        {
            var column = $".queries tbody .{head.ClassList[0]}";
            var first = await site.PageAsync(head.QuerySelector("a")!.GetAttribute("href")!);
            var second = await site.PageAsync(first.QuerySelector($".queries thead .{head.ClassList[0]} a")!.GetAttribute("href")!);
            string? Sorted(AngleSharp.Dom.IDocument page) =>
                page.QuerySelectorAll(".queries thead th[aria-sort]")
                    .Select(th => $"{th.ClassList[0]} {th.GetAttribute("aria-sort")}")
                    .Single();
            Assert.Equal(
                new[] { $"{head.ClassList[0]} ascending", $"{head.ClassList[0]} descending" },
                new[] { Sorted(first), Sorted(second) }.Order()
            );
            Assert.Equal(first.Texts(column).Order(StringComparer.Ordinal), second.Texts(column).Order(StringComparer.Ordinal));
            if (head.Text() is "Type" or "Outcome" or "Key")
            {
                Assert.Equal(
                    first.Texts(column).Distinct().Count(),
                    first.Texts(column).Zip(first.Texts(column).Skip(1)).Count(pair => pair.First != pair.Second) + 1
                );
                Assert.Equal(first.Texts(column), second.Texts(column).Reverse());
            }

            // Where heads of columns have no room, the same order is in the form.
            Assert.NotNull(first.QuerySelector("select[name=sort] option[selected]"));
        }
    }

    [Fact]
    public async Task Rows_are_shown_by_name_in_the_order_asked_for()
    {
        var queries = Enumerable.Range(1, 4).Select(seed => SimulatedQueries.Make(seed, 4)).ToList();
        await using var site = await Site.StartAsync(queries);
        var page = await site.PageAsync(
            $"/queries?rows={queries[2].Id},{queries[0].Id},nonsense,0123456789abcdef0123456789abcdef-0123456789abcdef"
        );
        Assert.Equal([$"r-{queries[2].Id}", $"r-{queries[0].Id}"], page.QuerySelectorAll(".queries tbody tr").Select(row => row.Id!));
        var whole = await site.PageAsync("/queries?sort=slowest");
        var row = whole.QuerySelectorAll(".queries tbody tr").Single(row => row.Id == $"r-{queries[2].Id}");
        Assert.Equal(row.Text(), page.QuerySelector(".queries tbody tr")!.Text());
    }

    [Fact]
    public async Task Shows_type_outcome_duration_peers_and_source_of_a_query()
    {
        var query = SimulatedQueries.Make(7, 20, q => q with { DurationNs = 2_340_000_000, Outcome = QueryOutcome.NotFound });
        await using var site = await Site.StartAsync(query);
        var row = (await site.PageAsync("/queries")).QuerySelector("tbody tr")!;
        Assert.Equal("get-providers", row.QuerySelector(".c-type")!.Text());
        Assert.Equal("not found", row.QuerySelector(".c-outcome")!.Text());
        Assert.Equal("2.3s", row.QuerySelector(".c-duration")!.Text());
        Assert.Equal(query.Key!.Text, row.QuerySelector(".c-key")!.Text());
        Assert.Equal($"{query.Peers.Count(peer => !peer.Requests.IsEmpty)} / 20", row.QuerySelector(".c-peers")!.Text());
        Assert.Equal("simulated native", row.QuerySelector(".c-source")!.Text());
    }

    [Fact]
    public async Task Finds_a_key_in_every_encoding()
    {
        var query = SimulatedQueries.Make(3, 4);
        await using var site = await Site.StartAsync(query, SimulatedQueries.Make(4, 4));
        var text = query.Key!.Text;
        var digest = Convert.FromHexString(query.Key.Bytes);
        string[] forms =
        [
            text,
            text[..20],
            "ipfs://" + text,
            "/ipfs/" + text + "/some/file",
            query.Key.Bytes,
            "f" + query.Key.Bytes,
            Multiformats.Base58.Encode(digest),
        ];
        foreach (var form in forms)
        {
            var page = await site.PageAsync("/queries?key=" + Uri.EscapeDataString(form));
            Assert.True(page.Texts("a.key") is [var only] && only == text, $"{form} found {page.Texts("a.key").Count} queries");
        }
    }

    [Fact]
    public async Task A_pasted_permalink_opens_the_query()
    {
        var id = SimulatedQueries.Make(1, 4).Id;
        await using var site = await Site.StartAsync();
        foreach (var text in new[] { $"{id}", $"http://elsewhere.example:5080/q/{id}?sort=hops#p3" })
        {
            var response = await site.Client.GetAsync(new Uri("/queries?key=" + Uri.EscapeDataString(text), UriKind.Relative));
            Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
            Assert.Equal($"/q/{id}", response.Headers.Location?.OriginalString);
        }
    }

    [Theory]
    [InlineData("outcome=failed", 1)]
    [InlineData("outcome=success", 2)]
    [InlineData("type=ping", 1)]
    [InlineData("min=5s", 1)]
    [InlineData("max=4.9s", 2)]
    [InlineData("error=dial-timeout", 1)]
    [InlineData("background=only", 1)]
    [InlineData("background=1", 4)]
    [InlineData("source=native", 3)]
    [InlineData("source=js-libp2p", 0)]
    [InlineData("from=2026-11-22T08:03&to=2026-11-22T08:04", 1)]
    [InlineData("service=simulated", 3)]
    public async Task Filters(string parameters, int expected)
    {
        await using var site = await Site.StartAsync(
            SimulatedQueries.Make(1, 4, q => q with { DurationNs = 1_000_000_000 }),
            SimulatedQueries.Make(
                2,
                4,
                q =>
                    q with
                    {
                        DurationNs = 5_000_000_000,
                        Outcome = QueryOutcome.Failed,
                        Error = new TraceError(ErrorClass.DialTimeout, "no"),
                    }
            ),
            SimulatedQueries.Make(3, 4, q => q with { DurationNs = 2_000_000_000, Type = QueryType.Ping }),
            SimulatedQueries.Make(4, 4, q => q with { DurationNs = 2_000_000_000, Background = true })
        );
        Assert.Equal(expected, (await site.PageAsync("/queries?" + parameters)).Texts("a.key").Count);
    }

    [Fact]
    public async Task Each_filter_is_a_mark_that_takes_it_away_again()
    {
        await using var site = await Site.StartAsync(
            SimulatedQueries.Make(1, 4),
            SimulatedQueries.Make(2, 4, q => q with { Type = QueryType.Ping })
        );
        var page = await site.PageAsync("/queries?type=ping&min=1ms&sort=slowest&background=1");
        Assert.Equal(["type ping ×", "at least 1ms ×", "background shown ×"], page.Texts(".chip"));
        Assert.Equal(
            [
                "/queries?min=1ms&background=1&sort=slowest",
                "/queries?type=ping&background=1&sort=slowest",
                "/queries?type=ping&min=1ms&sort=slowest",
            ],
            page.QuerySelectorAll(".chip").Select(chip => chip.GetAttribute("href"))
        );
        Assert.Equal("/queries?sort=slowest", page.QuerySelector(".chips li:last-child a")!.GetAttribute("href"));
        Assert.Empty((await site.PageAsync("/queries?sort=slowest")).QuerySelectorAll(".chips"));
    }

    [Fact]
    public async Task A_hostile_filter_is_shown_as_text()
    {
        const string Hostile = "\"><script>alert(1)</script>";
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 4));
        var page = await site.PageAsync("/queries?service=" + Uri.EscapeDataString(Hostile));
        Assert.Equal([$"service {Hostile} ×"], page.Texts(".chip"));
        Assert.Empty(page.QuerySelectorAll("main script"));
    }

    [Fact]
    public async Task An_empty_list_says_which_filter_keeps_everything_out()
    {
        var query = SimulatedQueries.Make(1, 4, q => q with { DurationNs = 2_000_000_000 });
        await using var site = await Site.StartAsync(
            query,
            SimulatedQueries.Make(2, 4, q => q with { Type = QueryType.Ping, DurationNs = 1_000_000_000 })
        );
        var page = await site.PageAsync("/queries?type=ping&min=1.5s");
        Assert.Equal(
            ["/queries?min=1.5s", "/queries?type=ping"],
            page.QuerySelectorAll(".empty p a:not(.button)").Select(link => link.GetAttribute("href")).Take(2)
        );
        Assert.Equal("/queries", page.QuerySelector(".empty a.button")!.GetAttribute("href"));

        // Two filters at once keep it out: no single one would help, but the key is here.
        page = await site.PageAsync($"/queries?key={query.Key!.Text}&type=ping&min=3s");
        Assert.Equal($"/queries?key={query.Key.Text}", page.QuerySelector(".empty p a")!.GetAttribute("href"));
        Assert.Contains("none matches the other filters", page.QuerySelector(".empty")!.Text(), StringComparison.Ordinal);
        Assert.Contains(
            "No query for this key",
            (await site.PageAsync("/queries?key=/v/nothing")).QuerySelector(".empty")!.Text(),
            StringComparison.Ordinal
        );

        // The same of a key and conditions in the filter text.
        page = await site.PageAsync($"/queries?q={query.Key.Text}+type:ping+slower:3s");
        Assert.Equal($"/queries?key={query.Key.Text}", page.QuerySelector(".empty p a")!.GetAttribute("href"));
        Assert.StartsWith("Queries for ", page.Title, StringComparison.Ordinal);
        Assert.Contains(
            "No query for this key",
            (await site.PageAsync("/queries?q=/v/nothing")).QuerySelector(".empty")!.Text(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_filter_that_is_not_understood_is_not_called_a_search_without_matches()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 4));
        var empty = (await site.PageAsync("/queries?q=typ:ping")).QuerySelector(".empty")!.Text();
        Assert.Contains("Nothing was searched", empty, StringComparison.Ordinal);
        Assert.DoesNotContain("matches", empty, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finds_the_queries_that_touched_a_peer()
    {
        var query = SimulatedQueries.Make(1, 10);
        await using var site = await Site.StartAsync(query, SimulatedQueries.Make(2, 10));
        var page = await site.PageAsync("/queries?peer=" + query.Peers.First(peer => !peer.Requests.IsEmpty).Id);
        Assert.Equal($"/q/{query.Id}", Assert.Single(page.QuerySelectorAll("a.key")).GetAttribute("href"));
    }

    [Theory]
    [InlineData("type=nonsense")]
    [InlineData("min=fast")]
    [InlineData("from=yesterday")]
    [InlineData("peer=notapeer")]
    [InlineData("minhops=-1")]
    [InlineData("at=garbage")]
    public async Task Says_what_it_did_not_understand(string parameters)
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 4));
        Assert.Single((await site.PageAsync("/queries?" + parameters)).QuerySelectorAll("[role=alert]"));
    }

    [Fact]
    public async Task An_unknown_key_and_an_unknown_duration_are_shown_as_unknown_and_say_why()
    {
        await using var site = await Site.StartAsync(SimulatedQueries.Make(1, 4, q => q with { Outcome = QueryOutcome.Incomplete }));
        var row = (await site.PageAsync("/queries")).QuerySelector("tbody tr")!;
        Assert.Equal("key unknown", row.QuerySelector(".c-key")!.Text());
        var duration = row.QuerySelector(".c-duration .unknown")!;
        Assert.StartsWith("–", duration.Text(), StringComparison.Ordinal);
        Assert.Equal("0", duration.GetAttribute("tabindex"));
        Assert.Contains("unknown", duration.GetAttribute("title")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_database_offers_the_samples_and_loads_them_only_with_the_form_of_its_own_page()
    {
        await using var site = await Site.StartAsync();
        var page = await site.PageAsync("/queries");
        var form = page.QuerySelector("form[method=post]")!;
        var token = form.QuerySelector("input[name=__RequestVerificationToken]")!.GetAttribute("value")!;
        var address = new Uri(form.GetAttribute("action")!, UriKind.Relative);

        using var forged = new FormUrlEncodedContent([]);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.Client.PostAsync(address, forged)).StatusCode);

        using var real = new FormUrlEncodedContent([new("__RequestVerificationToken", token)]);
        var loaded = await site.Client.PostAsync(address, real);
        Assert.Equal("/queries", loaded.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Samples_that_cannot_be_read_are_said_to_be_so()
    {
        await using var site = await Site.StartAsync();
        site.Samples.Load = () => throw new IOException("samples/a.json: unreadable <b>");
        var form = (await site.PageAsync("/queries")).QuerySelector("form[method=post]")!;
        using var content = new FormUrlEncodedContent([
            new("__RequestVerificationToken", form.QuerySelector("input[name=__RequestVerificationToken]")!.GetAttribute("value")),
        ]);
        var page = await Site.DocumentAsync(await site.Client.PostAsync(new Uri(form.GetAttribute("action")!, UriKind.Relative), content));
        Assert.Equal("samples/a.json: unreadable <b>", page.QuerySelector("[role=alert]")!.Text());
    }
}
