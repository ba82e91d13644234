using System.Net;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

public sealed class CompareApiTests(KnownArchive archive)
{
    private const ulong Middle = SimulatedQueries.Epoch + (KnownArchive.Count / 2 * KnownArchive.IntervalNs);

    [Fact]
    public async Task Two_ranges()
    {
        var middle = DateTimeOffset.UnixEpoch.AddTicks((long)(Middle / 100)).ToString("yyyy-MM-dd'T'HH:mm", null);
        await CheckAsync($"a.to={middle}&b.from={middle}", query => query.StartUnixNano < Middle, query => query.StartUnixNano >= Middle);
    }

    [Fact]
    public async Task Two_hours_with_too_few_queries_for_most_figures() =>
        await CheckAsync(
            "a.from=2026-11-22T09:00&a.to=2026-11-22T10:00&b.from=2026-11-22T10:00&b.to=2026-11-22T11:00",
            query => Hour(query) == 1,
            query => Hour(query) == 2
        );

    [Fact]
    public async Task By_node()
    {
        var nodes = archive.Queries.Select(query => query.Node).Distinct().ToList();
        await CheckAsync($"a.node={nodes[0]}&b.node={nodes[1]}", query => query.Node == nodes[0], query => query.Node == nodes[1]);
    }

    [Fact]
    public async Task By_type() =>
        await CheckAsync(
            "a.type=find-peer&b.type=get-closest-peers",
            query => query.Type == QueryType.FindPeer,
            query => query.Type == QueryType.GetClosestPeers
        );

    [Fact]
    public async Task By_alpha() =>
        await CheckAsync("a.alpha=3&b.alpha=10", query => query.Parameters.Alpha == 3, query => query.Parameters.Alpha == 10);

    [Fact]
    public async Task By_service_with_the_slower_set_as_A() =>
        await CheckAsync("a.service=shaky&b.service=steady", query => query.Service == "shaky", query => query.Service == "steady");

    [Fact]
    public async Task By_agent_of_a_peer_met() =>
        await CheckAsync("a.agent=kubo/&b.agent=js-libp2p/", query => Met(query, "kubo/"), query => Met(query, "js-libp2p/"));

    [Fact]
    public async Task By_key()
    {
        var keys = archive
            .Queries.Where(query => query.Key is not null)
            .CountBy(query => query.Key!.Text)
            .OrderByDescending(item => item.Value)
            .Take(2)
            .Select(item => item.Key)
            .ToList();
        await CheckAsync(
            $"a.key={Uri.EscapeDataString(keys[0])}&b.key={Uri.EscapeDataString(keys[1])}",
            query => query.Key?.Text == keys[0],
            query => query.Key?.Text == keys[1]
        );
    }

    [Fact]
    public async Task A_set_against_all_says_how_many_queries_are_in_both() =>
        await CheckAsync("b.type=find-peer", _ => true, query => query.Type == QueryType.FindPeer);

    [Theory]
    [InlineData("a.type=nonsense")]
    [InlineData("b.from=2026-11-23&b.to=2026-11-22")]
    public async Task What_is_wrong_is_a_problem_that_names_the_set(string parameters)
    {
        var response = await archive.Site.Client.GetAsync(new Uri("/api/v1/compare?" + parameters, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(
            $"\"{char.ToUpperInvariant(parameters[0])}: ",
            await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
    }

    private static ulong Hour(Query query) => (query.StartUnixNano - SimulatedQueries.Epoch) / 3_600_000_000_000;

    private static bool Met(Query query, string agent) =>
        query.Peers.Any(peer => peer.Agent?.StartsWith(agent, StringComparison.Ordinal) == true);

    private async Task CheckAsync(string parameters, Func<Query, bool> isA, Func<Query, bool> isB)
    {
        var (a, b) = (archive.Queries.Where(isA).ToList(), archive.Queries.Where(isB).ToList());
        Assert.NotEmpty(a);
        Assert.NotEmpty(b);
        ComparisonTruth.Check(await archive.Site.JsonAsync("/api/v1/compare?" + parameters), a, b);
    }
}
