using System.Text.Json;
using DhtTracer.Analysis.Export;

namespace DhtTracer.Analysis.Tests.Export;

public class ChromeTraceExportTests
{
    [Fact]
    public void Each_peer_is_a_track_with_its_dials_and_requests_in_microseconds()
    {
        var query = HarExportTests.Simulated(3);
        var events = JsonDocument.Parse(ChromeTraceExport.ToUtf8(query)).RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var tracks = events.Where(e => e.GetProperty("name").GetString() == "thread_name")
            .ToDictionary(e => e.GetProperty("tid").GetInt32(), e => e.GetProperty("args").GetProperty("name").GetString()!);
        Assert.Equal(query.Peers.Length + 1, tracks.Count);

        var whole = events.Single(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("tid").GetInt32() == 0);
        Assert.Equal(query.DurationNs!.Value / 1_000m, whole.GetProperty("dur").GetDecimal());

        var requests = events.Where(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("name").GetString() == "FIND_NODE").ToList();
        Assert.Equal(query.Peers.Sum(p => p.Requests.Length), requests.Count);
        foreach (var request in requests)
        {
            var expected = query.Peers.Single(p => p.Id == tracks[request.GetProperty("tid").GetInt32()]).Requests[0];
            Assert.Equal(expected.StartNs, request.GetProperty("ts").GetDecimal() * 1_000);
            Assert.Equal(expected.DurationNs!.Value, request.GetProperty("dur").GetDecimal() * 1_000);
        }

        Assert.Equal(
            query.Peers.Count(p => p.Dial is { Reused: false }),
            events.Count(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("name").GetString() == "dialing"));
    }
}
