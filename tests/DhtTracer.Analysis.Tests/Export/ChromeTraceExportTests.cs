using System.Text.Json;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Tests.Explain;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests.Export;

public class ChromeTraceExportTests
{
    [Fact]
    public void Each_peer_is_a_track_with_its_dials_and_requests_in_microseconds()
    {
        var query = HarExportTests.Simulated(3);
        var events = JsonDocument.Parse(ChromeTraceExport.ToUtf8(query)).RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var tracks = events
            .Where(e => e.GetProperty("name").GetString() == "thread_name")
            .ToDictionary(e => e.GetProperty("tid").GetInt32(), e => e.GetProperty("args").GetProperty("name").GetString()!);
        Assert.Equal(query.Peers.Length + 1, tracks.Count);

        var whole = events.Single(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("tid").GetInt32() == 0);
        Assert.Equal(query.DurationNs!.Value / 1_000m, whole.GetProperty("dur").GetDecimal());

        var requests = events
            .Where(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("name").GetString() == "FIND_NODE")
            .ToList();
        Assert.Equal(query.Peers.Sum(p => p.Requests.Length), requests.Count);
        foreach (var request in requests)
        {
            var expected = query.Peers.Single(p => p.Id == tracks[request.GetProperty("tid").GetInt32()]).Requests[0];
            Assert.Equal(expected.StartNs!.Value, request.GetProperty("ts").GetDecimal() * 1_000);
            Assert.Equal(expected.DurationNs!.Value, request.GetProperty("dur").GetDecimal() * 1_000);
        }

        Assert.Equal(
            query.Peers.Count(p => p.Dial is { Reused: false }),
            events.Count(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("name").GetString() == "dialing")
        );
    }

    /// <summary>
    /// The Trace Event Format: every event has a phase, a process and a track; a complete event has a time and a duration, and those of one
    /// track lie inside each other or apart, else a viewer cuts or drops them.
    /// </summary>
    [Fact]
    public void Every_query_is_a_trace_that_viewers_can_lay_out()
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
            var root = JsonDocument.Parse(ChromeTraceExport.ToUtf8(query)).RootElement;
            Assert.Contains(root.GetProperty("displayTimeUnit").GetString(), (string[])["ms", "ns"]);
            var events = root.GetProperty("traceEvents").EnumerateArray().ToList();
            Assert.All(
                events,
                one =>
                    Assert.True(
                        one.GetProperty("ph").GetString() is "M" or "X"
                            && one.GetProperty("pid").TryGetInt32(out _)
                            && one.GetProperty("tid").TryGetInt32(out _)
                            && one.GetProperty("name").ValueKind == JsonValueKind.String
                            && one.GetProperty("args").ValueKind == JsonValueKind.Object
                    )
            );
            Assert.All(
                events.Where(one => one.GetProperty("ph").GetString() == "M"),
                one => Assert.Contains(one.GetProperty("name").GetString(), (string[])["process_name", "thread_name", "thread_sort_index"])
            );
            foreach (
                var track in events.Where(one => one.GetProperty("ph").GetString() == "X").GroupBy(one => one.GetProperty("tid").GetInt32())
            )
            {
                var open = new Stack<decimal>();
                foreach (
                    var (start, end) in track
                        .Select(one =>
                            (
                                Start: one.GetProperty("ts").GetDecimal(),
                                End: one.GetProperty("ts").GetDecimal() + one.GetProperty("dur").GetDecimal()
                            )
                        )
                        .OrderBy(bar => bar.Start)
                        .ThenByDescending(bar => bar.End)
                )
                {
                    Assert.True(end >= start);
                    while (open.TryPeek(out var outer) && outer <= start)
                    {
                        open.Pop();
                    }

                    Assert.True(!open.TryPeek(out var around) || end <= around, $"{query.Id}: bars of track {track.Key} overlap");
                    open.Push(end);
                }
            }
        }
    }
}
