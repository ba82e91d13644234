using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

public sealed class QueriesApiTests(KnownArchive archive)
{
    [Fact]
    public async Task The_list_has_every_number_of_every_query()
    {
        var rows = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var at = "";
        do
        {
            var answer = await archive.Site.JsonAsync(
                "/api/v1/queries?limit=100&background=1" + (at.Length == 0 ? "" : "&at=" + Uri.EscapeDataString(at))
            );
            foreach (var row in answer.GetProperty("queries").EnumerateArray())
            {
                rows.Add(row.GetProperty("id").GetString()!, row);
            }

            at = answer.GetProperty("next").GetString() ?? "";
        } while (at.Length > 0);

        Assert.Equal(archive.All.Count, rows.Count);
        foreach (var query in archive.All)
        {
            CheckRow(rows[query.Id.ToString()], query);
        }
    }

    [Fact]
    public async Task A_query_has_every_number_of_every_peer()
    {
        // Every kind of outcome and both networks are among the first thirty.
        foreach (var query in archive.Queries.Take(30))
        {
            var answer = await archive.Site.JsonAsync($"/api/v1/queries/{query.Id}");
            CheckRow(answer, query);
            var peers = answer.GetProperty("peers").EnumerateArray().ToDictionary(peer => peer.GetProperty("id").GetString()!);
            Assert.Equal(query.Peers.Length, peers.Count);

            // Without its root, the query begins with its first span: times count from there.
            var shift = query.Outcome == QueryOutcome.Incomplete ? query.Peers.Min(peer => peer.HeardNs!.Value) : 0;
            foreach (var peer in query.Peers)
            {
                CheckPeer(peers[peer.Id], peer, shift);
            }
        }
    }

    [Fact]
    public async Task The_parts_of_the_critical_path_sum_to_the_duration_of_every_query()
    {
        foreach (var query in archive.Queries)
        {
            var answer = await archive.Site.JsonAsync($"/api/v1/queries/{query.Id}/explanation");
            Assert.Equal(query.DiscoveryNs, Nullable(answer.GetProperty("discoveryNs")));
            Assert.Equal(query.DurationNs - query.DiscoveryNs, Nullable(answer.GetProperty("tailNs")));
            var answered = query
                .Peers.SelectMany(peer => peer.Requests)
                .Where(request => request.Outcome == RequestOutcome.Answered)
                .ToList();
            Assert.Equal(answered.Count, answer.GetProperty("requests").GetProperty("answered").GetInt32());
            CheckLostToDials(answer.GetProperty("lostToDials"), query);
            if (query.DurationNs is not { } duration)
            {
                Assert.Equal(JsonValueKind.Null, answer.GetProperty("path").ValueKind);
                continue;
            }

            var time = 0L;
            foreach (var segment in answer.GetProperty("path").GetProperty("segments").EnumerateArray())
            {
                Assert.Equal(time, segment.GetProperty("startNs").GetInt64());
                time = segment.GetProperty("endNs").GetInt64();
                Assert.Equal(time - segment.GetProperty("startNs").GetInt64(), segment.GetProperty("durationNs").GetInt64());
            }

            Assert.Equal(duration, time);
            Assert.Equal(duration, answer.GetProperty("blames").EnumerateArray().Sum(blame => blame.GetProperty("durationNs").GetInt64()));
        }
    }

    [Fact]
    public async Task Queries_are_found_by_the_errors_of_their_dials_and_requests_and_by_agents_that_they_met()
    {
        static IEnumerable<string> Errors(Query query) =>
            query
                .Peers.SelectMany(peer => peer.Requests.Select(request => request.Error).Append(peer.Dial?.Error))
                .OfType<TraceError>()
                .Select(error => error.Class);
        var found = 0;
        foreach (var error in ErrorClass.All)
        {
            found += await CheckFoundAsync($"peererror={error}", query => Errors(query).Contains(error)) > 0 ? 1 : 0;
        }

        Assert.True(found >= 4, $"only {found} classes of errors occur");
        var agents = archive.Queries.SelectMany(query => query.Peers).Select(peer => peer.Agent).OfType<string>().Distinct().ToList();
        Assert.True(agents.Count > 1);
        foreach (var agent in agents.SelectMany(agent => new[] { agent, agent[..3], agent + "?", agent.ToUpperInvariant() }).Distinct())
        {
            await CheckFoundAsync(
                $"agent={Uri.EscapeDataString(agent)}",
                query => query.Peers.Any(peer => peer.Agent?.StartsWith(agent, StringComparison.Ordinal) == true)
            );
        }

        await CheckFoundAsync(
            $"peererror=dial-timeout&agent={Uri.EscapeDataString(agents[0])}&sort=slowest",
            query =>
                Errors(query).Contains("dial-timeout")
                && query.Peers.Any(peer => peer.Agent?.StartsWith(agents[0], StringComparison.Ordinal) == true)
        );
    }

    private async Task<int> CheckFoundAsync(string parameters, Func<Query, bool> expected)
    {
        var answer = await archive.Site.JsonAsync($"/api/v1/queries?limit=1000&{parameters}");
        var ids = archive.Queries.Where(expected).Select(query => query.Id.ToString()).Order().ToList();
        Assert.Equal(ids, answer.GetProperty("queries").EnumerateArray().Select(query => query.GetProperty("id").GetString()!).Order());
        return ids.Count;
    }

    private static void CheckLostToDials(JsonElement json, Query query)
    {
        var expected = query
            .Peers.Select(peer => peer.Dial)
            .OfType<PeerDial>()
            .Where(dial => dial.Error is { Class: not ErrorClass.Cancelled })
            .GroupBy(dial => dial.Error!.Class)
            .Select(group => (group.Key, group.Count(), group.Sum(dial => dial.DurationNs!.Value)))
            .Order();
        Assert.Equal(
            expected,
            json.EnumerateArray()
                .Select(lost =>
                    (
                        lost.GetProperty("errorClass").GetString()!,
                        lost.GetProperty("dials").GetInt32(),
                        lost.GetProperty("totalNs").GetInt64()
                    )
                )
                .Order()
        );
    }

    private static void CheckRow(JsonElement row, Query query)
    {
        Assert.Equal(query.Id.ToString(), row.GetProperty("id").GetString());
        Assert.Equal(query.Id.TraceId.ToString(), row.GetProperty("traceId").GetString());
        Assert.Equal(query.Id.SpanId.ToString(), row.GetProperty("spanId").GetString());
        Assert.Equal(query.Background, row.GetProperty("background").GetBoolean());
        Assert.Equal(query.Service, row.GetProperty("service").GetString());
        Assert.Equal(query.Node, row.GetProperty("node").GetString());
        Assert.Equal(query.StartUnixNano.ToString(), row.GetProperty("startUnixNano").GetString());
        Assert.Equal(query.DurationNs, Nullable(row.GetProperty("durationNs")));
        Assert.Equal(query.DiscoveryNs, Nullable(row.GetProperty("discoveryNs")));
        var answers = query
            .Peers.SelectMany(peer => peer.Requests)
            .Where(request => request.Outcome == RequestOutcome.Answered)
            .Select(request => request.StartNs + request.DurationNs)
            .ToList();
        var shift = query.Outcome == QueryOutcome.Incomplete ? query.Peers.Min(peer => peer.HeardNs!.Value) : 0;
        Assert.Equal(answers.Count == 0 ? null : answers.Min() - shift, Nullable(row.GetProperty("firstAnswerNs")));
        Assert.Equal(
            query.Outcome.ToString().ToUpperInvariant(),
            row.GetProperty("outcome").GetString()!.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()
        );
        Assert.Equal(
            query.Error?.Class,
            row.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("class").GetString() : null
        );
        Assert.Equal(query.Xor, (int?)Nullable(row.GetProperty("xor")) ?? query.Xor);
        Assert.Equal(query.Hops, Nullable(row.GetProperty("hops")));
        var parameters = row.GetProperty("parameters");
        Assert.Equal(
            (query.Parameters.Alpha, query.Parameters.Beta, query.Parameters.K),
            (
                (int?)Nullable(parameters.GetProperty("alpha")),
                (int?)Nullable(parameters.GetProperty("beta")),
                (int?)Nullable(parameters.GetProperty("k"))
            )
        );
        var counts = row.GetProperty("counts");
        Assert.Equal(query.Peers.Length, counts.GetProperty("seen").GetInt32());
        Assert.Equal(query.Peers.Count(peer => peer.Requests.Length > 0), counts.GetProperty("queried").GetInt32());
        Assert.Equal(query.Peers.Count(peer => peer.Dial is { Reused: not true }), counts.GetProperty("dialed").GetInt32());
        Assert.Equal(
            query.Peers.Count(peer => peer.Dial?.Error is { Class: not ErrorClass.Cancelled }),
            counts.GetProperty("dialFailed").GetInt32()
        );
        Assert.Equal(query.Peers.Count(peer => peer.Dial is null && peer.Requests.IsEmpty), counts.GetProperty("remaining").GetInt32());
        Assert.Equal(
            query.Peers.SelectMany(peer => peer.Requests).Sum(request => request.Returned ?? 0),
            counts.GetProperty("returned").GetInt32()
        );
        Assert.Equal(0, counts.GetProperty("duplicates").GetInt32());
        Assert.Equal(query.Counts.Results, Nullable(counts.GetProperty("results")));
    }

    private static void CheckPeer(JsonElement json, QueryPeer peer, long shift)
    {
        Assert.Equal(peer.Order, Nullable(json.GetProperty("order")));
        Assert.Equal(peer.Xor, Nullable(json.GetProperty("xor")));
        Assert.Equal(peer.Hops, Nullable(json.GetProperty("hops")));
        Assert.Equal(peer.Referrer, json.GetProperty("referrer").GetString());
        Assert.Equal(peer.HeardNs - shift, Nullable(json.GetProperty("heardNs")));
        Assert.Equal(peer.Agent, json.GetProperty("agent").GetString());
        if (peer.Dial is { } dial)
        {
            Assert.Equal(dial.StartNs - shift, json.GetProperty("dial").GetProperty("startNs").GetInt64());
            Assert.Equal(dial.DurationNs, Nullable(json.GetProperty("dial").GetProperty("durationNs")));
            Assert.Equal(dial.Reused, json.GetProperty("dial").GetProperty("reused").GetBoolean());
        }
        else
        {
            Assert.Equal(JsonValueKind.Null, json.GetProperty("dial").ValueKind);
        }

        var requests = json.GetProperty("requests").EnumerateArray().ToList();
        Assert.Equal(peer.Requests.Length, requests.Count);
        foreach (var (shown, request) in requests.Zip(peer.Requests))
        {
            Assert.Equal(request.StartNs - shift, shown.GetProperty("startNs").GetInt64());
            Assert.Equal(request.DurationNs, Nullable(shown.GetProperty("durationNs")));
            Assert.Equal(request.Returned, Nullable(shown.GetProperty("returned")));
            Assert.Equal(request.Providers, Nullable(shown.GetProperty("providers")));
            Assert.Equal(
                request.Error?.Class,
                shown.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("class").GetString() : null
            );
        }
    }

    private static long? Nullable(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : json.GetInt64();
}
