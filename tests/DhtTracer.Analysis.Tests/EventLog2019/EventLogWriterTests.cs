using System.Buffers;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.Tests.EventLog2019;

public class EventLogWriterTests
{
    public static TheoryData<string> All => Captures.All;

    [Theory]
    [MemberData(nameof(All))]
    public void A_capture_written_as_a_log_of_2019_reads_as_the_same_rows(string label)
    {
        var query = Captures.OnlyQuery(label);

        AssertSameRows(query, ReadBack(query));
    }

    [Theory]
    [InlineData(KuboOperation.FindPeer)]
    [InlineData(KuboOperation.GetValue)]
    [InlineData(KuboOperation.Provide)]
    public void Dials_of_a_simulated_kubo_survive_the_log(KuboOperation operation)
    {
        var query = Assert.Single(
            TraceReconstruction.Reconstruct(new KuboTraceSimulator(4).Simulate(new KuboScenario { Operation = operation }).Spans).Queries
        );

        var again = ReadBack(query);

        AssertSameRows(query, again);
        Assert.Equal(query.Key, again.Key);
        Assert.Equal(query.Counts.Dialed, again.Counts.Dialed);
        Assert.Equal(Dials(query), Dials(again));

        // The log has no word for how long it took to find a connection that was there.
        static IEnumerable<(string, long?, long?, bool?)> Dials(Query of) =>
            of
                .Peers.OrderBy(peer => peer.Id)
                .Select(peer => (peer.Id, peer.Dial?.StartNs, peer.Dial?.Reused == true ? null : peer.Dial?.DurationNs, peer.Dial?.Reused));
    }

    [Fact]
    public void A_log_is_written_again_with_its_own_lines()
    {
        const string Line =
            """{"QueryRunner":{"Query":{"Key":"/provider/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ"}"""
            + ""","StartTime":"2019-07-24T18:26:20-07:00"},"odd":[1,2]"""
            + ""","event":"dhtQueryRunner.Run.Start","time":"2019-07-25T01:26:20.000001Z"}""";
        var spans = EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(Line));
        var output = new ArrayBufferWriter<byte>();

        EventLogWriter.Write(output, Assert.Single(TraceReconstruction.Reconstruct(spans).Queries), spans);

        Assert.Equal($"data: {Line}\n\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void The_runner_counts_down_what_is_left()
    {
        var states = Lines(Captures.OnlyQuery("15-dht-get-found"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(json => json.TryGetProperty("QueryRunner", out _))
            .Select(json => json.GetProperty("QueryRunner"))
            .ToList();

        Assert.Equal(0, states[0].GetProperty("PeersSeen").GetArrayLength());
        var last = states[^1];
        Assert.Equal(
            (23, 20, 3),
            (
                last.GetProperty("PeersSeen").GetArrayLength(),
                last.GetProperty("PeersQueried").GetArrayLength(),
                last.GetProperty("PeersRemainingLen").GetInt32()
            )
        );
        Assert.Equal(0, last.GetProperty("RateLimit").GetProperty("Length").GetInt32());
        Assert.NotEqual("0001-01-01T00:00:00Z", last.GetProperty("EndTime").GetString());
    }

    [Fact]
    public void Vis_state_has_a_row_for_each_peer_that_was_asked_with_times_and_microseconds()
    {
        var query = Captures.OnlyQuery("15-dht-get-found");
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            VisStateWriter.Write(writer, [query]);
        }

        var state = Assert.Single(JsonDocument.Parse(output.WrittenMemory).RootElement.EnumerateArray());
        Assert.Equal(23, state.GetProperty("RunnerState").GetProperty("PeersSeen").GetInt32());
        Assert.Equal(JsonValueKind.Null, state.GetProperty("RunnerState").GetProperty("PeersDialed").ValueKind);
        var raw = Captures.Raw("15-dht-get-found").Where(span => span.IsRequest).ToDictionary(span => span.To);
        Assert.Equal(
            raw.Keys.Order(),
            state.GetProperty("PeerQueries").EnumerateArray().Select(row => row.GetProperty("PeerID").GetString()!).Order()
        );
        foreach (var row in state.GetProperty("PeerQueries").EnumerateArray())
        {
            var sent = raw[row.GetProperty("PeerID").GetString()!];
            var span = Assert.Single(row.GetProperty("Spans").EnumerateArray());
            Assert.Equal("Request", span.GetProperty("Type").GetString());
            Assert.Equal((sent.End - sent.Start) / 1000, span.GetProperty("Duration").GetInt64());
            Assert.Equal(sent.Start / 1_000_000, DateTimeOffset.Parse(span.GetProperty("Start").GetString()!).ToUnixTimeMilliseconds());
            Assert.Equal(sent.Closer.Distinct().Count(), row.GetProperty("CloserPeersRecv").GetInt32());
        }
    }

    private static void AssertSameRows(Query query, Query again)
    {
        Assert.Equal((query.Type, query.StartUnixNano, query.DurationNs), (again.Type, again.StartUnixNano, again.DurationNs));
        Assert.Equal(query.Counts.Seen, again.Counts.Seen);

        // A log does not tell that a request was never sent.
        Assert.Equal(query.Peers.Count(peer => !peer.Requests.IsEmpty), again.Counts.Queried);

        // A log adds a peer at some moment, also when that is not known.
        var unknown = query.Peers.Where(peer => peer.HeardNs is null).Select(peer => peer.Id).ToHashSet();
        Assert.Equal(Rows(query), Rows(again));

        IEnumerable<string> Rows(Query of) =>
            of
                .Peers.OrderBy(peer => peer.Id)
                .Select(peer =>
                    $"{peer.Id} {peer.Order} {peer.Hops} {(unknown.Contains(peer.Id) ? null : peer.HeardNs)} "
                    + string.Join(
                        ';',
                        peer.Requests.Select(request =>
                            $"{request.Type} {request.StartNs} {request.DurationNs} {request.Outcome == RequestOutcome.Answered} "
                            + $"{request.Returned ?? 0}"
                        )
                    )
                );
    }

    private static Query ReadBack(Query query) =>
        Assert.Single(
            TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(string.Join("\n\n", Lines(query))))).Queries
        );

    private static List<string> Lines(Query query)
    {
        var output = new ArrayBufferWriter<byte>();
        EventLogWriter.Write(output, query);
        return
        [
            .. Encoding
                .UTF8.GetString(output.WrittenSpan)
                .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line["data: ".Length..]),
        ];
    }
}
