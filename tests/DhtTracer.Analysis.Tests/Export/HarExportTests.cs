using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Tests.Explain;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests.Export;

public class HarExportTests
{
    private static readonly SimulatedNetwork Network = new(
        seed: 4,
        size: 100,
        new NetworkFaults(Dead: 0.15, Refusing: 0.05, BlackHoles: 0.05)
    );

    [Fact]
    public void Every_field_that_HAR_1_2_requires_is_there()
    {
        var log = Har(Simulated(1)).GetProperty("log");
        Assert.Equal("1.2", log.GetProperty("version").GetString());
        Assert.Equal("DhtTracer", log.GetProperty("creator").GetProperty("name").GetString());
        Assert.NotNull(log.GetProperty("creator").GetProperty("version").GetString());
        var page = Assert.Single(log.GetProperty("pages").EnumerateArray());
        Assert.NotNull(page.GetProperty("title").GetString());
        Assert.Equal(JsonValueKind.Number, page.GetProperty("pageTimings").GetProperty("onLoad").ValueKind);
        foreach (var entry in log.GetProperty("entries").EnumerateArray())
        {
            Assert.Equal(page.GetProperty("id").GetString(), entry.GetProperty("pageref").GetString());
            Assert.Equal(JsonValueKind.Object, entry.GetProperty("cache").ValueKind);
            var request = entry.GetProperty("request");
            var response = entry.GetProperty("response");
            AssertKinds(request, JsonValueKind.String, "method", "url", "httpVersion");
            AssertKinds(request, JsonValueKind.Array, "cookies", "headers", "queryString");
            AssertKinds(request, JsonValueKind.Number, "headersSize", "bodySize");
            AssertKinds(response, JsonValueKind.Number, "status", "headersSize", "bodySize");
            AssertKinds(response, JsonValueKind.String, "statusText", "httpVersion", "redirectURL");
            AssertKinds(response, JsonValueKind.Array, "cookies", "headers");
            AssertKinds(response.GetProperty("content"), JsonValueKind.Number, "size");
            AssertKinds(response.GetProperty("content"), JsonValueKind.String, "mimeType");
            AssertKinds(entry.GetProperty("timings"), JsonValueKind.Number, "send", "wait", "receive", "blocked", "connect", "dns", "ssl");
            Assert.True(Uri.TryCreate(request.GetProperty("url").GetString(), UriKind.Absolute, out _));
        }
    }

    [Fact]
    public void Every_request_and_every_failed_dial_is_an_entry_whose_times_sum()
    {
        var query = Simulated(2);
        var entries = Har(query).GetProperty("log").GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(
            query.Peers.Sum(p => p.Requests.Length) + query.Peers.Count(p => p.Requests.IsEmpty && p.Dial is not null),
            entries.Count
        );
        var start = DateTimeOffset.UnixEpoch.AddTicks((long)(query.StartUnixNano / 100));
        foreach (var entry in entries)
        {
            var timings = entry.GetProperty("timings");
            var sum = timings.EnumerateObject().Select(t => t.Value.GetDecimal()).Where(t => t >= 0).Sum();
            Assert.Equal(entry.GetProperty("time").GetDecimal(), sum);

            // Heard to the end of the request, or of the dial when that failed: computed from the row.
            var peer = query.Peers.Single(p => p.Id == entry.GetProperty("connection").GetString());
            var end = peer.Requests.IsEmpty
                ? peer.Dial!.StartNs + peer.Dial.DurationNs!.Value
                : peer.Requests[0].StartNs + peer.Requests[0].DurationNs!.Value;
            Assert.Equal((end - peer.HeardNs!.Value) / 1_000_000m, sum);
            var started = DateTimeOffset.Parse(entry.GetProperty("startedDateTime").GetString()!, CultureInfo.InvariantCulture);
            Assert.Equal(peer.HeardNs.Value / 100, (started - start).Ticks);
            Assert.Equal(peer.State == PeerState.Answered ? 200 : 0, entry.GetProperty("response").GetProperty("status").GetInt32());
            Assert.Equal(peer.State != PeerState.Answered, entry.GetProperty("response").TryGetProperty("_error", out _));
        }
    }

    [Fact]
    public void Every_query_is_an_archive_by_the_specification()
    {
        var queries = Enumerable
            .Range(0, 300)
            .Select(HostileQueries.Make)
            .Concat(Captures.Labels.Select(Captures.OnlyQuery))
            .Concat(
                Enum.GetValues<KuboOperation>()
                    .SelectMany(operation =>
                        TraceReconstruction
                            .Reconstruct(
                                new KuboTraceSimulator(8).Simulate(new KuboScenario { Operation = operation, MuteShare = 0.1 }).Spans
                            )
                            .Queries
                    )
            );
        foreach (var query in queries)
        {
            Har12.Check(HarExport.ToUtf8(query));
        }
    }

    internal static Query Simulated(int seed) =>
        new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, seed));

    private static JsonElement Har(Query query) => JsonDocument.Parse(HarExport.ToUtf8(query)).RootElement;

    private static void AssertKinds(JsonElement element, JsonValueKind kind, params string[] names) =>
        Assert.All(names, name => Assert.Equal(kind, element.GetProperty(name).ValueKind));
}
