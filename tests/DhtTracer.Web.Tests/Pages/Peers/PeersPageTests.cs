using System.Net;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Peers;

public sealed class PeersPageTests(KnownArchive archive)
{
    [Fact]
    public async Task Every_row_is_that_of_the_simulated_queries()
    {
        var page = await archive.Site.PageAsync("/peers");
        var truth = PeerTruth.Of(archive.All);
        var rows = page.QuerySelectorAll("table.peers tbody tr").ToList();
        Assert.Equal(truth.Count, rows.Count);
        var lost = (await archive.Site.JsonAsync("/api/v1/peers?limit=1000"))
            .GetProperty("peers")
            .EnumerateArray()
            .ToDictionary(
                peer => peer.GetProperty("peerId").GetString()!,
                peer =>
                    peer.GetProperty("timeLostNs") is { ValueKind: System.Text.Json.JsonValueKind.Number } time
                        ? time.GetInt64()
                        : (long?)null
            );

        // The parts of a query's critical path add up to its duration at most, and the list begins with whoever cost most.
        Assert.InRange(lost.Values.Sum() ?? 0, 1, archive.All.Sum(query => query.DurationNs ?? 0));
        Assert.Equal(
            lost.Values.OrderByDescending(time => time ?? -1),
            rows.Select(row => lost[row.QuerySelector("th a")!.GetAttribute("title")!])
        );
        foreach (var row in rows)
        {
            var peer = truth[row.QuerySelector("th a")!.GetAttribute("title")!];
            var cells = row.Texts("td");
            Assert.Equal(peer.Agents.Any() ? peer.Agents.MaxBy(agent => agent.Starts.Max()).Text : "–", cells[0]);
            Shown.Duration(lost[peer.PeerId], cells[1]);
            Shown.Count(peer.Failures.Count, cells[2]);
            var most = peer
                .Failures.CountBy(name => name)
                .OrderByDescending(item => item.Value)
                .ThenBy(item => item.Key, StringComparer.Ordinal)
                .Select(item => item.Key.Replace('-', ' '))
                .FirstOrDefault();
            Assert.Equal(most ?? "", cells[3]);
            Shown.Count(peer.Seen.Count, cells[4]);
            Shown.Count(peer.Queried, cells[5]);
            Shown.Count(peer.Answered, cells[6]);
            Shown.Count(peer.Cancelled, cells[7]);
            Shown.Duration(Truth.Percentile(peer.Requests, 50), cells[8]);
            Shown.Duration(Truth.Percentile(peer.Requests, 95), cells[9]);
            Shown.Duration(Truth.Percentile(peer.Dials, 50), cells[10]);
            Shown.Count(peer.Named, cells[11]);
        }

        Assert.Contains(truth.Values, peer => peer.Cancelled > 0);
    }

    [Fact]
    public async Task Columns_sort_and_keep_what_was_looked_for()
    {
        var page = await archive.Site.PageAsync("/peers?find=kubo&from=2026-11-22T09:00&service=shaky");
        var link = page.QuerySelectorAll("table.peers thead a")
            .First(head => head.Text().StartsWith("Named", StringComparison.Ordinal))
            .GetAttribute("href")!;
        var sorted = await archive.Site.PageAsync(link);
        Assert.Equal("descending", sorted.QuerySelector("th[aria-sort]")!.GetAttribute("aria-sort"));
        Assert.StartsWith("Named", sorted.QuerySelector("th[aria-sort]")!.Text(), StringComparison.Ordinal);
        var truth = PeerTruth.Of(
            archive.All.Where(query => query.Service == "shaky" && query.StartUnixNano >= SimulatedQueries.Epoch + 3_600_000_000_000)
        );
        Assert.Equal(
            truth
                .Values.Where(peer => peer.Agents.Any(agent => agent.Text.Contains("kubo", StringComparison.Ordinal)))
                .Select(peer => peer.Named)
                .OrderDescending()
                .Select(named => named.ToString()),
            sorted.Texts("table.peers tbody td:last-child")
        );
    }

    [Fact]
    public async Task A_peer_has_its_figures_its_failures_its_agents_and_its_queries()
    {
        var truth = PeerTruth
            .Of(archive.All)
            .Values.Where(peer => peer.Queried > 20)
            .OrderByDescending(peer => peer.Failures.Count)
            .First();
        var page = await archive.Site.PageAsync($"/peers/{truth.PeerId}");
        var tiles = page.QuerySelectorAll(".tiles > div")
            .ToDictionary(tile => tile.QuerySelector("dt")!.Text(), tile => tile.QuerySelector("dd")!.Text());
        Shown.Count(truth.Seen.Count, tiles["operations saw it"]);
        Shown.Count(truth.Queried, tiles["asked it"]);
        Shown.Count(truth.Answered, tiles["it answered"]);
        Shown.Count(truth.Failures.Count, tiles["failures"]);
        Shown.Count(truth.Cancelled, tiles["cancelled"]);
        Shown.Duration(Truth.Percentile(truth.Requests, 50), tiles["request p50"]);
        Shown.Duration(Truth.Percentile(truth.Requests, 90), tiles["p90"]);
        Shown.Duration(Truth.Percentile(truth.Requests, 95), tiles["p95"]);
        Shown.Duration(Truth.Percentile(truth.Requests, 99), tiles["p99"]);
        Shown.Duration(Truth.Percentile(truth.Dials, 50), tiles["dial p50"]);
        Shown.Duration(Truth.Percentile(truth.Dials, 95), tiles["dial p95"]);
        Shown.Count(truth.Named, tiles["named by others"]);
        Assert.Equal(
            truth
                .Failures.CountBy(name => name)
                .OrderByDescending(item => item.Value)
                .ThenBy(item => item.Key, StringComparer.Ordinal)
                .Select(item => $"{item.Key.Replace('-', ' ')} {item.Value}"),
            page.QuerySelectorAll("#failures tbody tr")
                .Select(row => $"{row.QuerySelector("th")!.Text()} {row.QuerySelector("td.num")!.Text()}")
        );
        Assert.Equal(
            truth.Agents.Select(agent => $"{agent.Text} {agent.Starts.Count}"),
            page.QuerySelectorAll("#agents tbody tr").Select(row => $"{row.Texts("td")[0]} {row.Texts("td")[1]}")
        );

        var contacted = truth
            .Seen.Where(item => item.Row.Dial is not null || item.Row.Requests.Length > 0)
            .OrderByDescending(item => item.Query.StartUnixNano)
            .Take(50)
            .ToList();
        var rows = page.QuerySelectorAll("#queries tbody tr")
            .ToDictionary(row => row.QuerySelector("a")!.GetAttribute("href")!.Split('?')[0]);
        Assert.All(
            page.QuerySelectorAll("#queries tbody tr a"),
            link => Assert.EndsWith($"?peer={truth.PeerId}", link.GetAttribute("href"), StringComparison.Ordinal)
        );
        Assert.Equal(contacted.Select(item => $"/q/{item.Query.Id}").Order(), rows.Keys.Order());
        foreach (var (query, row) in contacted)
        {
            var cells = rows[$"/q/{query.Id}"].Texts("td");
            Shown.Duration(query.DurationNs, cells[6]);
            if (row.Requests.FirstOrDefault(request => request.Outcome == RequestOutcome.Answered)?.DurationNs is { } answered)
            {
                Shown.Duration(answered, cells[4]);
            }
            else
            {
                var failed =
                    row.Requests.FirstOrDefault(request => request.Outcome == RequestOutcome.Failed) is { } request ? request.DurationNs
                    : row.State == PeerState.DialFailed ? row.Dial?.DurationNs
                    : null;
                Assert.Equal(failed is { } time ? "✗ " + DurationText.Of(time) : "–", cells[4]);
            }
        }
    }

    [Fact]
    public async Task A_peer_that_nobody_met_and_an_id_that_is_none()
    {
        Assert.Equal(
            "Not met",
            (await archive.Site.PageAsync("/peers/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf")).QuerySelector(".empty h1")!.Text()
        );
        Assert.Equal(HttpStatusCode.NotFound, (await archive.Site.Client.GetAsync(new Uri("/peers/nobody", UriKind.Relative))).StatusCode);
        Assert.Equal("No peer matches", (await archive.Site.PageAsync("/peers?find=zzzzzzzz")).QuerySelector(".empty h1")!.Text());
        Assert.Single((await archive.Site.PageAsync("/peers?order=fame")).QuerySelectorAll("[role=alert]"));
    }
}
