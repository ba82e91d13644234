using System.Collections.Immutable;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

/// <summary>What the known archive has none of: peers that are asked twice, and addresses of peers that change.</summary>
public sealed class RepeatedRequestsApiTests(KnownArchive archive)
{
    private const string Old = "/ip4/203.0.113.7/tcp/4001";
    private const string New = "/ip4/198.51.100.9/udp/4001/quic-v1";

    [Fact]
    public async Task Requests_to_a_peer_already_asked_are_counted_in_the_overview_and_in_a_comparison()
    {
        var queries = archive
            .Queries.Where(query => query.Outcome != QueryOutcome.Incomplete)
            .Take(120)
            .Select((query, i) => Repeat(query, i % 4))
            .ToList();
        var repeated = queries.ConvertAll(query => (long?)query.Peers.Sum(peer => Math.Max(0, peer.Requests.Length - 1)));
        Assert.Equal([0L, 1L, 2L, 3L], repeated.OfType<long>().Distinct().Order());
        await using var site = await Site.StartAsync(queries);

        var figures = (await site.JsonAsync("/api/v1/overview")).GetProperty("figures");
        OverviewTruth.CheckDistribution(figures.GetProperty("duplicates"), repeated);
        var page = await site.PageAsync("/?range=all");
        Shown.Number(
            repeated.Average(),
            page.QuerySelectorAll(".tiles > div")
                .Single(tile => tile.QuerySelector("dt")!.Text() == "duplicates / operation")
                .QuerySelector("dd")!
                .Text()
        );

        var compared = (await site.JsonAsync("/api/v1/compare?a.alpha=3&b.alpha=10"))
            .GetProperty("comparison")
            .GetProperty("figures")
            .EnumerateArray()
            .Single(figure => figure.GetProperty("figure").GetProperty("name").GetString() == "duplicates-mean");
        foreach (var (name, alpha) in new[] { ("a", 3), ("b", 10) })
        {
            Assert.Equal(
                queries.Zip(repeated).Where(pair => pair.First.Parameters.Alpha == alpha).Average(pair => pair.Second!.Value),
                compared.GetProperty(name).GetDouble(),
                1e-9
            );
        }
    }

    [Fact]
    public async Task Addresses_and_agent_versions_of_a_peer_have_their_times()
    {
        var peer = archive.Queries.SelectMany(query => query.Peers).CountBy(peer => peer.Id).MaxBy(item => item.Value).Key;
        var met = archive
            .Queries.Where(query => query.Outcome != QueryOutcome.Incomplete && query.Peers.Any(row => row.Id == peer))
            .Take(20)
            .ToList();
        Assert.Equal(20, met.Count);

        // The first twelve show the old address, from the tenth on the new one; at the fifteenth the agent version changes.
        var queries = met.Select(
                (query, i) =>
                    query with
                    {
                        Peers =
                        [
                            .. query.Peers.Select(row =>
                                row.Id != peer
                                    ? row
                                    : row with
                                    {
                                        Addresses =
                                        [
                                            .. new[] { (i < 12, Old), (i >= 9, New) }.Where(item => item.Item1).Select(item => item.Item2),
                                        ],
                                        Agent = i < 14 ? "kubo/0.38.0" : "kubo/0.39.0",
                                    }
                            ),
                        ],
                    }
            )
            .ToList();
        await using var site = await Site.StartAsync(queries);

        var answer = (await site.JsonAsync($"/api/v1/peers/{peer}")).GetProperty("peer");
        (string, int, ulong, ulong)[] addresses = [(Old, 12, Start(0), Start(11)), (New, 11, Start(9), Start(19))];
        (string, int, ulong, ulong)[] agents = [("kubo/0.38.0", 14, Start(0), Start(13)), ("kubo/0.39.0", 6, Start(14), Start(19))];
        Assert.Equal(addresses.Order(), Seen(answer.GetProperty("addresses")));
        Assert.Equal(agents.Order(), Seen(answer.GetProperty("agents")));

        var page = await site.PageAsync($"/peers/{peer}");
        foreach (var (section, expected) in new[] { ("#addresses", addresses), ("#agents", agents) })
        {
            Assert.Equal(
                expected
                    .Select(item => $"{item.Item1} {item.Item2} {Minute(item.Item3)} {Minute(item.Item4)}")
                    .Order(StringComparer.Ordinal),
                page.QuerySelectorAll($"{section} tbody tr")
                    .Select(row => string.Join(' ', row.Texts("td").Take(4)))
                    .Order(StringComparer.Ordinal)
            );
        }

        ulong Start(int i) => queries[i].StartUnixNano;

        static string Minute(ulong unixNano) =>
            DateTimeOffset
                .UnixEpoch.AddTicks((long)(unixNano / 100))
                .ToString("d MMM yyyy HH:mm", System.Globalization.CultureInfo.InvariantCulture);

        static IEnumerable<(string, int, ulong, ulong)> Seen(JsonElement list) =>
            list.EnumerateArray()
                .Select(item =>
                    (
                        item.GetProperty("text").GetString()!,
                        item.GetProperty("operations").GetInt32(),
                        ulong.Parse(item.GetProperty("firstUnixNano").GetString()!, null),
                        ulong.Parse(item.GetProperty("lastUnixNano").GetString()!, null)
                    )
                )
                .Order();
    }

    // Some of its peers that answered are asked the same again, a microsecond after their answer.
    private static Query Repeat(Query query, int peers)
    {
        var again = query
            .Peers.Where(peer => peer.Requests is [{ Outcome: RequestOutcome.Answered }])
            .Take(peers)
            .Select(peer => peer.Id)
            .ToHashSet();
        ImmutableArray<QueryPeer> rows =
        [
            .. query.Peers.Select(peer =>
                !again.Contains(peer.Id)
                    ? peer
                    : peer with
                    {
                        Duplicate = true,
                        Requests =
                        [
                            peer.Requests[0],
                            peer.Requests[0] with
                            {
                                StartNs = peer.Requests[0].StartNs + peer.Requests[0].DurationNs!.Value + 1_000,
                                DurationNs = 1_000,
                            },
                        ],
                    }
            ),
        ];
        return query with { Peers = rows };
    }
}
