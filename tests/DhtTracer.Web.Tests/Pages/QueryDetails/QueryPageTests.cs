using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class QueryPageTests
{
    private const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

    [Fact]
    public async Task Has_a_row_for_every_peer_with_its_id_xor_hops_and_referrer()
    {
        var query = SimulatedQueries.Make(5, 40);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?show=all");
        var rows = page.QuerySelectorAll("tbody.rows tr").ToDictionary(row => row.QuerySelector("th a")!.GetAttribute("title")!);
        Assert.Equal(40, rows.Count);
        foreach (var peer in query.Peers)
        {
            var cells = rows[peer.Id].QuerySelectorAll("td");
            Assert.Equal(peer.Order?.ToString() ?? "", cells[0].Text());
            Assert.Equal(peer.Xor?.ToString(), cells[1].Text());
            Assert.Equal(peer.Hops?.ToString(), cells[2].Text());
            Assert.Equal(peer.Referrer is { } referrer ? "…" + referrer[^6..] : "routing table", cells[3].Text());
            Assert.Equal(peer.Agent ?? "–", cells[5].Text());
        }
    }

    [Fact]
    public async Task Bars_stand_at_the_times_of_the_spans()
    {
        // The drawing is a third longer than the query, so that the last label has room: 15 seconds fill 20.
        var query = SimulatedQueries.Make(5, 12, q => q with { DurationNs = 15_000_000_000 });
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        var peer = query.Peers.First(row => row.State == PeerState.Answered && row.Dial is not null);
        var drawing = page.QuerySelectorAll("tbody.rows tr").First(row => row.QuerySelector("th a")!.GetAttribute("title") == peer.Id);
        double Attribute(string bar, string name) => double.Parse(drawing.QuerySelector($"rect.{bar}")!.GetAttribute(name)!.TrimEnd('%'));
        Assert.Equal(peer.Dial!.StartNs / 200_000_000.0, Attribute("dl", "x"), 0.01);
        Assert.Equal(peer.Dial.DurationNs!.Value / 200_000_000.0, Attribute("dl", "width"), 0.01);
        Assert.Equal(peer.Requests[0].StartNs!.Value / 200_000_000.0, Attribute("rq", "x"), 0.01);
        Assert.Equal(peer.Requests[0].DurationNs!.Value / 200_000_000.0, Attribute("rq", "width"), 0.01);
    }

    [Theory]
    [InlineData("sort=xor", true)]
    [InlineData("sort=xor&dir=asc", false)]
    public async Task Sorts_by_xor_in_both_directions(string parameters, bool descending)
    {
        var query = SimulatedQueries.Make(6, 30);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?show=all&{parameters}");
        var shown = page.Texts("tbody.rows tr td:nth-of-type(2)").Select(int.Parse).ToList();
        Assert.Equal(descending ? shown.OrderDescending() : shown.Order(), shown);
        Assert.Equal(descending ? "descending" : "ascending", page.QuerySelector("th[aria-sort]")!.GetAttribute("aria-sort"));
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("failed")]
    [InlineData("unqueried")]
    public async Task Filters_and_says_how_many_there_are(string filter)
    {
        var query = SimulatedQueries.Make(6, 60);
        var expected = query.Peers.Count(peer =>
            filter switch
            {
                "completed" => peer.State == PeerState.Answered,
                "failed" => peer.State is PeerState.DialFailed or PeerState.RequestFailed,
                _ => peer.Dial is null && peer.Requests.IsEmpty,
            }
        );
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?show={filter}");
        Assert.Equal(expected, page.QuerySelectorAll("tbody.rows tr").Length);
        Assert.EndsWith(expected.ToString(), page.QuerySelector(".segments [aria-current]")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filter_links_keep_the_sort_and_sort_links_keep_the_filter()
    {
        var query = SimulatedQueries.Make(6, 20);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?sort=hops&show=completed");
        Assert.Contains(page.QuerySelectorAll(".segments a"), link => link.GetAttribute("href") == $"/q/{query.Id}?sort=hops&show=failed");
        Assert.Contains(
            page.QuerySelectorAll(".sorts a"),
            link => link.GetAttribute("href") == $"/q/{query.Id}?sort=duration&show=completed"
        );
        Assert.Contains(
            page.QuerySelectorAll(".wf thead a"),
            link => link.GetAttribute("href") == $"/q/{query.Id}?sort=hops&dir=desc&show=completed"
        );
    }

    [Fact]
    public async Task Folds_its_rows_without_a_script()
    {
        var query = SimulatedQueries.Make(6, 20);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        var folded = await site.PageAsync(page.QuerySelector("a.fold")!.GetAttribute("href")!);
        Assert.Contains("folded", folded.QuerySelector(".wf")!.ClassList);
        Assert.Equal("false", folded.QuerySelector("a.fold")!.GetAttribute("aria-expanded"));
    }

    [Fact]
    public async Task Text_from_spans_never_becomes_markup()
    {
        var query = SimulatedQueries.Make(
            8,
            6,
            q =>
                q with
                {
                    Service = Hostile,
                    Outcome = QueryOutcome.Failed,
                    Error = new TraceError(ErrorClass.Other, Hostile),
                    Peers = [.. q.Peers.Select(peer => peer with { Agent = Hostile, Addresses = [Hostile] })],
                }
        );
        await using var site = await Site.StartAsync(query);
        foreach (
            var address in new[]
            {
                "/queries",
                $"/q/{query.Id}",
                $"/traces/{query.Id.TraceId}",
                "/queries?key=" + Uri.EscapeDataString(Hostile),
                "/queries?type=" + Uri.EscapeDataString(Hostile),
            }
        )
        {
            var page = await site.PageAsync(address);
            Assert.Empty(page.QuerySelectorAll("img, script:not([src])"));
            Assert.DoesNotContain(
                page.All.SelectMany(element => element.Attributes),
                attribute => attribute.Name.StartsWith("on", StringComparison.Ordinal)
            );
        }

        Assert.Contains(
            Hostile,
            (await site.PageAsync($"/q/{query.Id}")).QuerySelector(".note.bad")!.TextContent,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_the_trace_does_not_tell_is_a_dash_and_never_a_zero()
    {
        var query = SimulatedQueries.Make(
            9,
            6,
            q => q with { Outcome = QueryOutcome.Incomplete, Peers = [.. q.Peers.Select(peer => peer with { Agent = null })] }
        );
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        var tiles = page.QuerySelectorAll(".tiles > div")
            .ToDictionary(tile => tile.QuerySelector("dt")!.Text(), tile => tile.QuerySelector("dd")!.Text());
        Assert.StartsWith("–", tiles["duration"], StringComparison.Ordinal);
        Assert.StartsWith("–", tiles["discovery"], StringComparison.Ordinal);
        Assert.Equal("incomplete", tiles["outcome"]);
        Assert.Equal("6", tiles["seen"]);
        Assert.All(page.Texts("tbody.rows td.ag"), agent => Assert.Equal("–", agent));
        Assert.Matches("^Seen 6, Queried .* · end not in the trace", page.QuerySelector(".sums")!.Text());
        Assert.DoesNotContain("–", page.QuerySelector(".sums")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_spans_of_its_trace_are_a_part_of_the_page_with_the_root_marked_and_the_peer_of_each()
    {
        var query = SimulatedQueries.Make(4, 30);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?tab=spans");
        var alone = await site.PageAsync($"/traces/{query.Id.TraceId}");
        Assert.Equal("Spans", page.QuerySelector(".tabs a[aria-current=page]")!.Text());
        Assert.Equal(alone.Texts(".spans summary"), page.Texts(".spans summary"));
        Assert.Equal($"s{query.Id.SpanId}", page.QuerySelectorAll(".spans details.here").Single().Id);
        var asked = query.Peers.Where(peer => !peer.Requests.IsEmpty).Select(peer => peer.Id).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(
            asked,
            page.QuerySelectorAll(".spans summary code").Select(code => code.GetAttribute("title")!).ToHashSet(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task What_was_not_found_is_told_with_the_sentence_and_is_no_alarm()
    {
        var query = SimulatedQueries.Make(
            5,
            20,
            q =>
                q with
                {
                    Outcome = QueryOutcome.NotFound,
                    DiscoveryNs = null,
                    Error = new TraceError(ErrorClass.NotFound, "nobody had it"),
                }
        );
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        Assert.Equal("nobody had it", page.QuerySelector(".note.why small")!.Text());
        Assert.Null(page.QuerySelector(".note.bad"));
    }

    [Theory]
    [InlineData("no end for long", -7200, false)]
    [InlineData("no end, just now", -60, true)]
    public async Task Follows_a_query_without_an_end_only_while_one_may_come(string name, int seconds, bool follows)
    {
        var start = (ulong)DateTimeOffset.UtcNow.AddSeconds(seconds).ToUnixTimeMilliseconds() * 1_000_000;
        var query = SimulatedQueries.Make(
            8,
            10,
            q => q with { StartUnixNano = start, DurationNs = null, DiscoveryNs = null, Outcome = QueryOutcome.Incomplete }
        );
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        Assert.True(page.QuerySelector("main")!.HasAttribute("data-live") == follows, name);
    }

    [Fact]
    public async Task No_text_of_the_axis_begins_where_it_would_be_cut_at_the_right_edge()
    {
        var query = SimulatedQueries.Make(9, 10);
        await using var site = await Site.StartAsync(query);
        foreach (var stretch in new[] { "", "?t=0s-0.4s", "?t=0.1s-0.3005s", "?t=0s-0.0601s" })
        {
            var page = await site.PageAsync($"/q/{query.Id}{stretch}");
            foreach (var text in page.QuerySelectorAll(".axis svg text"))
            {
                var at = double.Parse(
                    text.ParentElement!.GetAttribute("x")!.TrimEnd('%'),
                    System.Globalization.CultureInfo.InvariantCulture
                );
                Assert.Equal(at > (text.ClassList.Contains("found") ? 85 : 93), text.ClassList.Contains("last"));
            }
        }
    }

    [Theory]
    [InlineData("why", ".block td a.mono")]
    [InlineData("convergence", "td a.mono")]
    [InlineData("path", ".tree td a.mono")]
    public async Task A_peer_in_a_table_leads_to_its_page_and_to_its_row(string tab, string links)
    {
        var query = SimulatedQueries.Make(5, 40);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}?tab={tab}");
        var shown = (await site.PageAsync($"/q/{query.Id}"))
            .QuerySelectorAll("tbody.rows tr:not([hidden])")
            .Select(row => row.Id)
            .ToHashSet();
        var rows = (await site.PageAsync($"/q/{query.Id}?show=all"))
            .QuerySelectorAll("tbody.rows tr")
            .ToDictionary(row => row.QuerySelector("th a")!.GetAttribute("title")!, row => row.Id);
        var peers = page.QuerySelectorAll(links)
            .Where(link => link.HasAttribute("title") && link.GetAttribute("href")!.StartsWith("/peers/", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(peers);
        Assert.All(
            peers,
            link =>
            {
                var id = link.GetAttribute("title")!;
                Assert.Equal($"/peers/{id}", link.GetAttribute("href"));
                Assert.Equal(
                    $"/q/{query.Id}{(shown.Contains(rows[id]) ? "" : "?show=all")}#{rows[id]}",
                    link.NextElementSibling!.GetAttribute("href")
                );
            }
        );
    }

    [Fact]
    public async Task Peers_that_were_only_heard_of_are_folded_away_until_they_are_asked_for()
    {
        var query = SimulatedQueries.Make(5, 60);
        var folded = query.Peers.Count(peer => peer.Dial is null && peer.Requests.IsEmpty);
        Assert.True(folded > 5);
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync($"/q/{query.Id}");
        Assert.Equal(60 - folded, page.QuerySelectorAll("tbody.rows tr:not([hidden])").Length);
        var link = page.QuerySelector(".folded-rows a")!;
        Assert.Equal($"Show {folded} more peers", link.Text());
        Assert.Equal(60, (await site.PageAsync(link.GetAttribute("href")!)).QuerySelectorAll("tbody.rows tr").Length);

        // A search is among all of them, and a row that is asked for by name is there.
        var heard = query.Peers.Select((peer, index) => (peer, index)).First(item => item.peer.Dial is null && item.peer.Requests.IsEmpty);
        Assert.Contains(
            (await site.PageAsync($"/q/{query.Id}?find={heard.peer.Id}")).QuerySelectorAll("tbody.rows tr"),
            row => row.Id == $"p{heard.index + 1}" && !row.HasAttribute("hidden")
        );
        Assert.NotNull((await site.PageAsync($"/q/{query.Id}?row=p{heard.index + 1}")).QuerySelector($"#p{heard.index + 1}:not([hidden])"));
    }

    [Fact]
    public async Task The_peer_asked_after_is_never_called_the_one_that_named_it()
    {
        var query = SimulatedQueries.Make(
            5,
            12,
            q =>
                q with
                {
                    Peers =
                    [
                        .. q.Peers.Select(
                            (peer, index) =>
                                peer with
                                {
                                    Referrer = null,
                                    AskedAfter = index == 0 ? null : q.Peers[0].Id,
                                    Hops = null,
                                    HopsAtLeast = index == 0 ? 0 : 1,
                                }
                        ),
                    ],
                }
        );
        await using var site = await Site.StartRebuiltAsync(ReconstructedTrace.Of([query]));
        var page = await site.PageAsync($"/q/{query.Id}?show=all&row=p2");
        Assert.Contains("no-named", page.QuerySelector(".wf-box")!.ClassList);
        Assert.All(page.QuerySelectorAll("tbody.rows td.nb"), cell => Assert.Equal("–", cell.Text()));
        Assert.Equal("…" + query.Peers[0].Id[^6..], page.QuerySelector("#p2 td.af")!.Text());
        Assert.Equal("≥ 1", page.QuerySelectorAll("#p2 td.n")[2].Text());
        var details = page.QuerySelector("#details")!.Text();
        Assert.Contains("Who named it is not in the trace.", details, StringComparison.Ordinal);
        Assert.Contains("asked after the answer of …" + query.Peers[0].Id[^6..], details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lower_bounds_lost_spans_and_sent_records_are_said_as_such()
    {
        var query = SimulatedQueries.Make(
            5,
            12,
            q =>
                q with
                {
                    Type = QueryType.AddProvider,
                    Side = DhtSide.Wan,
                    Missing = new MissingParts(2, 1),
                    Counts = q.Counts with { Seen = 60, SeenComplete = false, Sent = 20, Results = 20 },
                }
        );
        await using var site = await Site.StartRebuiltAsync(ReconstructedTrace.Of([query]));
        var page = await site.PageAsync($"/q/{query.Id}");
        var tiles = page.QuerySelectorAll(".tiles > div")
            .ToDictionary(tile => tile.QuerySelector("dt")!.Text(), tile => tile.QuerySelector("dd")!.Text());
        Assert.Equal("≥ 60", tiles["seen"]);
        Assert.Equal("20", tiles["sent"]);
        Assert.DoesNotContain("results", tiles.Keys);
        Assert.StartsWith(
            "2 requests may be missing: at least 2 spans were lost",
            page.QuerySelector(".note.warn")!.Text(),
            StringComparison.Ordinal
        );
        Assert.Contains("WAN side", page.QuerySelector(".facts")!.Text(), StringComparison.Ordinal);
        Assert.Contains("Seen ≥ 60,", page.QuerySelector(".sums")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_runs_shows_what_is_in_flight()
    {
        var now = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var query = SimulatedQueries.Make(
            5,
            12,
            q =>
                q with
                {
                    StartUnixNano = now,
                    DurationNs = null,
                    Outcome = QueryOutcome.Incomplete,
                    Peers =
                    [
                        q.Peers[0] with
                        {
                            State = PeerState.NoAnswer,
                            Requests =
                            [
                                new PeerRequest
                                {
                                    Type = MessageType.FindNode,
                                    StartNs = 5,
                                    Outcome = RequestOutcome.NoAnswer,
                                },
                            ],
                        },
                    ],
                }
        );
        await using var site = await Site.StartRebuiltAsync(ReconstructedTrace.Of([query]));
        var page = await site.PageAsync($"/q/{query.Id}?row=p1");
        Assert.StartsWith("Running. 1 in flight.", page.QuerySelector(".note.warn")!.Text().Trim(), StringComparison.Ordinal);
        Assert.Contains("in flight", page.QuerySelector("#p1 .t")!.Text(), StringComparison.Ordinal);
        Assert.Contains("op", page.QuerySelector("#p1 rect.na")!.ClassList);
        Assert.Contains("in flight", page.QuerySelector("#details")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_side_that_asked_nobody_says_so()
    {
        var query = SimulatedQueries.Make(
            5,
            0,
            q =>
                q with
                {
                    Skipped = true,
                    Side = DhtSide.Lan,
                    Outcome = QueryOutcome.Failed,
                    Error = new TraceError(ErrorClass.NoPeers, "failed to find any peer in table"),
                }
        );
        await using var site = await Site.StartRebuiltAsync(ReconstructedTrace.Of([query]));
        Assert.StartsWith(
            "No peers: the routing table was empty",
            (await site.PageAsync($"/q/{query.Id}")).QuerySelector(".note")!.Text(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Each_tab_has_a_title_of_type_key_and_outcome()
    {
        var query = SimulatedQueries.Make(5, 12);
        await using var site = await Site.StartAsync(query);
        Assert.Equal(
            $"{Words.Of(query.Type)} …{query.Key!.Text[^6..]} · {Words.Of(query.Outcome)} · DhtTracer",
            (await site.PageAsync($"/q/{query.Id}")).Title
        );
        Assert.EndsWith(" · Why · DhtTracer", (await site.PageAsync($"/q/{query.Id}?tab=why")).Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_with_a_peer_leads_to_its_row()
    {
        var query = SimulatedQueries.Make(5, 12);
        await using var site = await Site.StartAsync(query);
        var answer = await site.Client.GetAsync(new Uri($"/q/{query.Id}?peer={query.Peers[3].Id}&sort=xor", UriKind.Relative));
        Assert.Equal($"/q/{query.Id}?sort=xor&row=p4#p4", answer.Headers.Location!.ToString());
        Assert.Equal(
            $"/q/{query.Id}",
            (await site.Client.GetAsync(new Uri($"/q/{query.Id}?peer=nobody", UriKind.Relative))).Headers.Location!.ToString()
        );
    }

    [Theory]
    [InlineData("/q/0123456789abcdef0123456789abcdef-0123456789abcdef")]
    [InlineData("/q/nonsense")]
    public async Task A_query_that_is_not_here_says_so(string address)
    {
        await using var site = await Site.StartAsync();
        var response = await site.Client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("This query is not here", (await Site.DocumentAsync(response)).QuerySelector("h1")!.Text());
    }

    [Fact]
    public async Task Ids_in_upper_case_lead_to_the_permalink()
    {
        var query = SimulatedQueries.Make(2, 3, q => q with { Id = new QueryId(new TraceId(0xABCDEF, 0xABCDEF), new SpanId(0xABCDEF)) });
        await using var site = await Site.StartAsync(query);
        var response = await site.Client.GetAsync(new Uri($"/q/{query.Id.ToString().ToUpperInvariant()}", UriKind.Relative));
        Assert.Equal($"/q/{query.Id}", response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_thousand_peers_are_less_than_150_kilobytes()
    {
        var query = SimulatedQueries.Make(10, 1000);
        await using var site = await Site.StartAsync(query);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/q/{query.Id}");
        request.Headers.AcceptEncoding.ParseAdd("br");
        var response = await site.Client.SendAsync(request);
        Assert.Equal("br", Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.InRange((await response.Content.ReadAsByteArrayAsync()).Length, 1, 150_000);
    }
}
