using System.Net;
using System.Text.Json;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

public sealed class PeersApiTests(KnownArchive archive)
{
    [Fact]
    public async Task Every_number_of_every_peer_is_that_of_the_simulated_queries()
    {
        var answer = await archive.Site.JsonAsync("/api/v1/peers?limit=1000&order=failed");
        var truth = PeerTruth.Of(archive.All);
        var peers = answer.GetProperty("peers").EnumerateArray().ToList();
        Assert.Equal(truth.Count, answer.GetProperty("count").GetInt32());
        Assert.Equal(archive.All.Count, answer.GetProperty("operations").GetInt32());
        Assert.Equal(
            truth.Keys.Order(StringComparer.Ordinal),
            peers.Select(peer => peer.GetProperty("peerId").GetString()!).Order(StringComparer.Ordinal)
        );
        foreach (var peer in peers)
        {
            truth[peer.GetProperty("peerId").GetString()!].Check(peer);
        }

        Assert.Contains(truth.Values, peer => peer.Failures.Count > 0);
        Assert.Equal(
            truth.Values.OrderByDescending(peer => peer.Failures.Count).Select(peer => peer.Failures.Count),
            peers.Select(Failures)
        );
    }

    [Fact]
    public async Task One_peer_over_a_stretch_of_time()
    {
        var part = archive.All.Where(query => query.StartUnixNano >= SimulatedQueries.Epoch + 3_600_000_000_000).ToList();
        var truth = PeerTruth.Of(part).Values.OrderByDescending(peer => peer.Failures.Count).First();
        var answer = await archive.Site.JsonAsync($"/api/v1/peers/{truth.PeerId}?from=2026-11-22T09:00");
        truth.Check(answer.GetProperty("peer"));
        Assert.Equal(part.Count, answer.GetProperty("operations").GetInt32());
    }

    [Theory]
    [InlineData("seen")]
    [InlineData("queried")]
    [InlineData("answered")]
    [InlineData("named")]
    public async Task Is_sorted_by_what_was_asked_and_paged_without_gap_or_repeat(string order)
    {
        var ids = new List<string>();
        var values = new List<long>();
        for (var page = 1; page <= 5; page++)
        {
            foreach (
                var peer in (await archive.Site.JsonAsync($"/api/v1/peers?order={order}&limit=20&page={page}"))
                    .GetProperty("peers")
                    .EnumerateArray()
            )
            {
                ids.Add(peer.GetProperty("peerId").GetString()!);
                values.Add(peer.GetProperty(order == "named" ? "namedByOthers" : order).GetInt64());
            }
        }

        Assert.Equal(PeerTruth.Of(archive.All).Keys.Order(StringComparer.Ordinal), ids.Order(StringComparer.Ordinal));
        Assert.Equal(values.OrderDescending(), values);
    }

    [Fact]
    public async Task Finds_by_part_of_the_id_and_by_agent()
    {
        var truth = PeerTruth.Of(archive.All);
        var id = truth.Keys.First();
        var byId = await archive.Site.JsonAsync("/api/v1/peers?find=" + id[^10..]);
        Assert.Equal(id, Assert.Single(byId.GetProperty("peers").EnumerateArray()).GetProperty("peerId").GetString());
        var byAgent = await archive.Site.JsonAsync("/api/v1/peers?find=KUBO/0.36&limit=1000");
        Assert.Equal(
            truth.Values.Count(peer => peer.Agents.Any(agent => agent.Text == "kubo/0.36.0")),
            byAgent.GetProperty("count").GetInt32()
        );
    }

    [Theory]
    [InlineData("/api/v1/peers?order=fame", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/peers?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/peers?page=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/peers/nobody", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/peers/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/nothing/here", HttpStatusCode.NotFound)]
    public async Task What_is_wrong_is_a_problem(string address, HttpStatusCode status)
    {
        var response = await archive.Site.Client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    private static int Failures(JsonElement peer) =>
        peer.GetProperty("failures").EnumerateArray().Sum(failure => failure.GetProperty("count").GetInt32());
}
