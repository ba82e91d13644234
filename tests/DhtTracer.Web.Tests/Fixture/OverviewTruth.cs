using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>Holds figures of the API against simulated queries.</summary>
internal static class OverviewTruth
{
    /// <summary>Every number of an overview.</summary>
    public static void Check(JsonElement figures, IReadOnlyList<Query> queries)
    {
        Assert.Equal(queries.Count, figures.GetProperty("operations").GetInt32());
        CheckSuccess(figures.GetProperty("success"), queries);
        CheckDistribution(figures.GetProperty("duration"), queries.Select(query => query.DurationNs));
        CheckDistribution(figures.GetProperty("firstResult"), queries.Select(Truth.FirstResult));
        CheckDistribution(figures.GetProperty("discovery"), queries.Select(query => query.DiscoveryNs));
        CheckDistribution(figures.GetProperty("hops"), queries.Select(query => (long?)query.Hops));
        CheckDistribution(figures.GetProperty("peersQueried"), queries.Select(query => (long?)query.Counts.Queried));
        CheckDistribution(figures.GetProperty("duplicates"), queries.Select(Duplicates));

        var dials = queries.SelectMany(query => query.Peers).Select(peer => peer.Dial).OfType<PeerDial>().ToList();
        var dialed = dials.Where(dial => dial.Reused != true).ToList();
        CheckShare(
            figures.GetProperty("dialFailure"),
            dialed.Count(dial => dial.Error is { Class: not ErrorClass.Cancelled }),
            dialed.Count
        );
        CheckShare(figures.GetProperty("reuse"), dials.Count(dial => dial.Reused == true), dials.Count);
        CheckCounts(figures.GetProperty("operationErrors"), queries.Select(query => query.Error?.Class).OfType<string>());
        CheckCounts(figures.GetProperty("peerErrors"), queries.SelectMany(Errors));
        Assert.Equal(queries.SelectMany(query => query.Peers).Sum(Cancelled), figures.GetProperty("peerCancelled").GetInt32());
        CheckCounts(figures.GetProperty("agents"), queries.SelectMany(query => query.Peers).Select(peer => peer.Agent).OfType<string>());
        CheckOutcomes(figures.GetProperty("outcomes"), queries);
    }

    /// <summary>Every number of the hours.</summary>
    public static void CheckHours(JsonElement hours, IReadOnlyList<Query> queries)
    {
        var expected = queries.GroupBy(query => query.StartUnixNano / 3_600_000_000_000).OrderBy(group => group.Key).ToList();
        Assert.Equal(expected.Count, hours.GetArrayLength());
        foreach (var (hour, group) in hours.EnumerateArray().Zip(expected))
        {
            var start = DateTimeOffset.UnixEpoch.AddHours(group.Key);
            Assert.Equal(start, hour.GetProperty("start").GetDateTimeOffset());
            Assert.Equal(start.AddHours(1), hour.GetProperty("end").GetDateTimeOffset());
            Assert.Equal(group.Count(), hour.GetProperty("operations").GetInt32());
            CheckSuccess(hour.GetProperty("success"), [.. group]);
            CheckDistribution(hour.GetProperty("duration"), group.Select(query => query.DurationNs));
            CheckOutcomes(hour.GetProperty("outcomes"), [.. group]);
        }
    }

    /// <summary>Every number of a distribution.</summary>
    public static void CheckDistribution(JsonElement json, IEnumerable<long?> values)
    {
        var all = values.ToList();
        var known = all.OfType<long>().ToList();
        Assert.Equal(known.Count, json.GetProperty("count").GetInt32());
        Assert.Equal(all.Count - known.Count, json.GetProperty("unknown").GetInt32());
        Assert.Equal(known.Count == 0 ? null : known.Min(), Nullable(json.GetProperty("min")));
        Assert.Equal(known.Count == 0 ? null : known.Max(), Nullable(json.GetProperty("max")));
        if (known.Count > 0)
        {
            Assert.Equal((double)known.Sum(value => (decimal)value) / known.Count, json.GetProperty("mean").GetDouble(), 1e-3);
        }

        foreach (var (percent, needed) in Truth.Needed)
        {
            var figure = json.GetProperty($"p{percent}");
            if (known.Count == 0)
            {
                Assert.Equal(JsonValueKind.Null, figure.ValueKind);
                continue;
            }

            Assert.Equal(percent, figure.GetProperty("percent").GetInt32());
            Assert.Equal(Truth.Percentile(all, percent), figure.GetProperty("value").GetInt64());
            Assert.Equal(needed, figure.GetProperty("neededForInterval").GetInt32());
            var interval = figure.GetProperty("interval");
            if (known.Count < needed)
            {
                Assert.Equal(JsonValueKind.Null, interval.ValueKind);
            }
            else
            {
                Assert.Contains(
                    (interval.GetProperty("low").GetInt64(), interval.GetProperty("high").GetInt64()),
                    Truth.Intervals(all, percent)
                );
            }
        }
    }

    /// <summary>A list of names and counts, most frequent first.</summary>
    public static void CheckCounts(JsonElement json, IEnumerable<string> names) =>
        Assert.Equal(
            names
                .CountBy(name => name)
                .OrderByDescending(item => item.Value)
                .ThenBy(item => item.Key, StringComparer.Ordinal)
                .Select(item => (item.Key, (long)item.Value)),
            json.EnumerateArray().Select(item => (item.GetProperty("name").GetString()!, item.GetProperty("count").GetInt64()))
        );

    /// <summary>Error classes of the dials and requests of a query, each time that one occurred.</summary>
    public static IEnumerable<string> Errors(Query query) => query.Peers.SelectMany(Errors);

    /// <summary>Error classes of the dial and requests of a peer that failed.</summary>
    public static IEnumerable<string> Errors(QueryPeer peer) => Ends(peer).Where(name => name != "cancelled");

    /// <summary>The dial and requests of a peer that were taken back.</summary>
    public static int Cancelled(QueryPeer peer) => Ends(peer).Count(name => name == "cancelled");

    private static IEnumerable<string> Ends(QueryPeer peer) =>
        peer.Requests.Select(request => request.Error?.Class).Prepend(peer.Dial?.Error?.Class).OfType<string>();

    private static void CheckShare(JsonElement json, long part, long whole)
    {
        Assert.Equal((part, whole), (json.GetProperty("part").GetInt64(), json.GetProperty("whole").GetInt64()));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("interval").ValueKind);
        if (whole > 0)
        {
            Assert.Equal((double)part / whole, json.GetProperty("value").GetDouble(), 1e-12);
        }
    }

    private static void CheckSuccess(JsonElement json, IReadOnlyList<Query> queries)
    {
        var whole = queries.Count(query => query.Outcome != QueryOutcome.Incomplete);
        var part = queries.Count(query => query.Outcome == QueryOutcome.Success);
        Assert.Equal((part, whole), (json.GetProperty("part").GetInt32(), json.GetProperty("whole").GetInt32()));
        if (whole > 0)
        {
            var (low, high) = Truth.ShareInterval(part, whole, 0.95);
            Assert.Equal((double)part / whole, json.GetProperty("value").GetDouble(), 1e-12);
            Assert.Equal(low, json.GetProperty("interval").GetProperty("low").GetDouble(), 1e-8);
            Assert.Equal(high, json.GetProperty("interval").GetProperty("high").GetDouble(), 1e-8);
        }
    }

    /// <summary>Requests beyond the first of a type to a peer.</summary>
    public static long? Duplicates(Query query) =>
        query.Peers.Sum(peer => peer.Requests.GroupBy(request => request.Type).Sum(group => group.Count() - 1L));

    private static void CheckOutcomes(JsonElement json, IReadOnlyList<Query> queries)
    {
        string[] names = ["success", "not-found", "cancelled", "timed-out", "failed", "incomplete", "unknown"];
        QueryOutcome[] outcomes =
        [
            QueryOutcome.Success,
            QueryOutcome.NotFound,
            QueryOutcome.Cancelled,
            QueryOutcome.TimedOut,
            QueryOutcome.Failed,
            QueryOutcome.Incomplete,
            QueryOutcome.Unknown,
        ];
        Assert.Equal(
            names.Zip(outcomes, (name, outcome) => (name, queries.Count(query => query.Outcome == outcome))),
            json.EnumerateArray().Select(item => (item.GetProperty("outcome").GetString()!, item.GetProperty("count").GetInt32()))
        );
    }

    private static long? Nullable(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : json.GetInt64();
}
