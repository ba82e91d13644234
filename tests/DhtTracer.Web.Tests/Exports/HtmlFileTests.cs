using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AngleSharp.Dom;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Exports;

/// <summary>The one file that is attached to an issue.</summary>
public class HtmlFileTests
{
    private const string Hostile = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<style>*{display:none}</style>";

    [Fact]
    public async Task Every_peer_and_request_stands_in_it_with_its_exact_times()
    {
        var query = SimulatedQueries.Make(5, 60);
        var rows = (await OpenAsync(query))
            .QuerySelectorAll("table")
            .Single(table => table.QuerySelector("th")!.TextContent == "#")
            .QuerySelectorAll("tbody tr");

        var expected =
            from peer in query.Peers
            from request in peer.Requests.IsEmpty ? [null] : peer.Requests.AsEnumerable<PeerRequest?>()
            select $"{peer.Id} {Number(peer.Xor)} {Number(peer.Hops)} {Ms(peer.HeardNs)} {Ms(peer.Dial?.StartNs)} "
                + $"{Ms(peer.Dial?.DurationNs)} {Ms(request?.StartNs)} {Ms(request?.DurationNs)}";
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            rows.Select(row => string.Join(' ', new[] { 1, 2, 3, 6, 8, 9, 11, 12 }.Select(cell => row.Children[cell].TextContent)))
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task The_parts_of_the_critical_path_sum_to_the_duration()
    {
        var query = SimulatedQueries.Make(6, 40);
        var rows = (await OpenAsync(query))
            .QuerySelectorAll("table")
            .Single(table => table.QuerySelector("th")!.TextContent == "From, ms")
            .QuerySelectorAll("tbody tr");

        Assert.Equal(
            query.DurationNs,
            (long)(1_000_000 * rows.Sum(row => decimal.Parse(row.Children[1].TextContent, CultureInfo.InvariantCulture)))
        );
    }

    [Fact]
    public async Task Ids_parameters_and_the_permalink_are_there_as_text()
    {
        var query = SimulatedQueries.Make(7, 10, query => query with { Parameters = new QueryParameters(10, null, 20) });
        var values = (await OpenAsync(query))
            .QuerySelectorAll("table.params tr")
            .ToDictionary(row => row.Children[0].TextContent, row => row.Children[1].TextContent);

        Assert.EndsWith($"/q/{query.Id}", values["permalink"], StringComparison.Ordinal);
        Assert.StartsWith("http://", values["permalink"], StringComparison.Ordinal);
        Assert.Equal(
            (
                query.Id.TraceId.ToString(),
                query.Id.SpanId.ToString(),
                query.Key!.Text,
                query.Key.Bytes,
                query.Key.KadId,
                query.Node,
                "10",
                "–",
                "20"
            ),
            (
                values["trace id"],
                values["root span id"],
                values["key"],
                values["bytes that are hashed"],
                values["Kademlia id"],
                values["node"],
                values["alpha"],
                values["beta"],
                values["k"]
            )
        );
    }

    [Fact]
    public async Task It_refers_to_nothing_runs_nothing_and_applies_only_its_own_style()
    {
        var page = await OpenAsync(SimulatedQueries.Make(8, 120));

        Assert.Empty(page.QuerySelectorAll("script, link, img, iframe, object, embed, form, a, base, image, use, foreignObject"));
        Assert.DoesNotContain(
            page.All.SelectMany(element => element.Attributes),
            attribute =>
                attribute.Name is "src" or "href" or "srcset" or "style" or "action" or "xlink:href"
                || attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase)
        );
        var style = Assert.Single(page.QuerySelectorAll("style")).TextContent;
        Assert.DoesNotContain("url(", style, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", style, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(
            $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'; "
                + "base-uri 'none'; form-action 'none'",
            page.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content")
        );
    }

    [Fact]
    public void Text_of_a_trace_stays_text_wherever_it_stands()
    {
        var query = SimulatedQueries.Make(9, 12);
        query = query with
        {
            Key = new QueryKey(Hostile, "00", "00"),
            Service = Hostile,
            Node = Hostile,
            Outcome = QueryOutcome.Failed,
            Error = new TraceError(Hostile, Hostile),
            Peers =
            [
                .. query.Peers.Select(
                    (peer, i) =>
                        peer with
                        {
                            Id = $"{Hostile}{i}",
                            Agent = Hostile,
                            Addresses = [Hostile],
                            Referrer = Hostile,
                            Hops = 1,
                            Requests = [.. peer.Requests.Select(request => request with { Error = new TraceError(Hostile, Hostile) })],
                        }
                ),
            ],
        };
        var html = Encoding.UTF8.GetString(HtmlExport.ToUtf8(query, Hostile, []));
        var page = new AngleSharp.Html.Parser.HtmlParser().ParseDocument(html);

        Assert.Empty(page.QuerySelectorAll("script, img"));
        Assert.Single(page.QuerySelectorAll("style"));
        Assert.Contains(Hostile, page.Title!, StringComparison.Ordinal);
        Assert.Equal(Hostile, page.QuerySelector("h1 code")!.TextContent);
        Assert.Contains(page.QuerySelectorAll("td"), cell => cell.TextContent == $"{Hostile}11");
    }

    [Fact]
    public async Task Why_stands_before_the_waterfall_and_the_waterfall_before_the_peers()
    {
        var page = await OpenAsync(SimulatedQueries.Make(6, 40));
        Assert.Equal(["Why", "Waterfall", "Peers", "Query"], page.QuerySelectorAll("h2").Select(heading => heading.TextContent));
    }

    [Fact]
    public async Task The_page_can_be_imported_and_gives_the_same_query()
    {
        var query = SimulatedQueries.Make(11, 30);
        await using var site = await Site.StartAsync(query);
        var file = Path.Combine(Directory.CreateTempSubdirectory("dht-tracer-page-").FullName, "query.html");
        await File.WriteAllBytesAsync(file, await site.Client.GetByteArrayAsync(new Uri($"/q/{query.Id}/export.html", UriKind.Relative)));
        await using var elsewhere = await Site.StartAsync();
        Assert.Empty((await elsewhere.ImportAsync(file)).Skipped);
        Assert.Equal(
            QueryJson.ToUtf8((await site.Store.GetQueryAsync(query.Id))!),
            QueryJson.ToUtf8((await elsewhere.Store.GetQueryAsync(query.Id))!)
        );
    }

    [Fact]
    public void A_row_is_one_line_however_long_its_texts_are_and_they_stand_in_full_below()
    {
        var error = new TraceError(ErrorClass.Other, string.Join(' ', Enumerable.Repeat("failed to dial", 60)));
        var query = SimulatedQueries.Make(
            9,
            1,
            q =>
                q with
                {
                    Peers =
                    [
                        q.Peers[0] with
                        {
                            Dial = new PeerDial(0, 5, false, error),
                            State = PeerState.DialFailed,
                            Requests = [],
                            Addresses = [.. Enumerable.Range(1, 30).Select(i => $"/ip4/203.0.113.{i}/tcp/4001")],
                        },
                    ],
                }
        );
        var page = new AngleSharp.Html.Parser.HtmlParser().ParseDocument(Encoding.UTF8.GetString(HtmlExport.ToUtf8(query, "/q/x", [])));
        var row = page.QuerySelectorAll("table").Single(table => table.QuerySelector("th")?.TextContent == "#").QuerySelector("tbody tr")!;
        Assert.All(row.Children, cell => Assert.InRange(cell.TextContent.Length, 0, 140));
        Assert.Contains(row.Children, cell => cell.TextContent == "/ip4/203.0.113.1/tcp/4001 and 29 more");
        Assert.Contains(page.QuerySelectorAll("details td"), cell => cell.TextContent == $"other: {error.Text}");
        Assert.Contains(
            page.QuerySelectorAll("details td"),
            cell => cell.TextContent.EndsWith("/ip4/203.0.113.30/tcp/4001", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_the_trace_does_not_tell_is_a_dash()
    {
        var page = await OpenAsync(SimulatedQueries.Make(10, 8, query => query with { Outcome = QueryOutcome.Incomplete }));

        Assert.Equal(
            "–",
            page.QuerySelectorAll(".tiles div").Single(tile => tile.Children[0].TextContent == "duration").Children[1].TextContent
        );
        Assert.Contains("not in the trace", page.Body!.TextContent, StringComparison.Ordinal);
    }

    private static async Task<IDocument> OpenAsync(Query query)
    {
        await using var site = await Site.StartAsync(query);
        var answer = await site.Client.GetAsync(new Uri($"/q/{query.Id}/export.html", UriKind.Relative));
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return await Site.DocumentAsync(answer);
    }

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "–";

    private static string Ms(long? ns) => ns is { } known ? (known / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture) : "–";
}
