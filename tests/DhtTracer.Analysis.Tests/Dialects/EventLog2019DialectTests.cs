using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.Tests.Dialects;

public class EventLog2019DialectTests
{
    private const string Found = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";
    private const string FoundBy = "QmU74uDuMSgouK61ND71bjaYxTJme7iUxAqzp6RygtzQb3";

    [Fact]
    public void The_real_log_of_2019_is_one_find_peer_query_that_succeeded()
    {
        var query = RealQuery();

        Assert.Equal((QueryType.FindPeer, QueryOutcome.Success, TraceSource.EventLog2019), (query.Type, query.Outcome, query.Source));
        Assert.Equal(Found, query.Key!.Text);
        Assert.Equal((29, 5, 6, 5), (query.Counts.Seen, query.Counts.Queried, query.Counts.Dialed, query.Counts.DialFailed));
        Assert.Equal(1, query.Counts.Results);
        Assert.Null(query.DurationNs);

        // 18:26:20.321265 -07:00, the StartTime of the runner.
        Assert.Equal(1_564_017_980_321_265_000UL, query.StartUnixNano);

        // Answers of .460190 and .505979, the second with success.
        Assert.Equal((138_925_000, 184_714_000), (query.FirstAnswerNs, query.DiscoveryNs));
        Assert.Equal((244, 0), (query.Xor, query.Hops));
    }

    [Fact]
    public void The_real_log_shows_the_dial_that_never_finished_the_duplicate_and_the_answers()
    {
        var query = RealQuery();

        var unfinished = Assert.Single(query.Peers, peer => peer.State == PeerState.Dialing);
        Assert.StartsWith("Qma8dNP1", unfinished.Id, StringComparison.Ordinal);
        Assert.Null(unfinished.Dial!.DurationNs);
        Assert.Equal(FoundBy, Assert.Single(query.Peers, peer => peer.Duplicate).Id);
        var finder = query.Peers.Single(peer => peer.Id == FoundBy);
        Assert.Equal((244, 0, PeerState.Answered), (finder.Xor, finder.Hops, finder.State));
        var answer = query.Peers.Single(peer => peer.Id.StartsWith("QmZS5ZWL", StringComparison.Ordinal)).Requests.Single();
        Assert.Equal((20, 8, MessageType.FindNode), (answer.Returned, answer.New, answer.Type));
        Assert.Equal(2, query.Peers.Count(peer => peer.State == PeerState.NoAnswer));
    }

    [Fact]
    public void Xor_computed_from_ids_agrees_with_the_field_of_the_real_log_on_every_row()
    {
        var logged = new Dictionary<string, int>();
        foreach (
            var line in Encoding
                .UTF8.GetString(RealLog())
                .Split('\n')
                .Where(line => line.Contains("addPeerToQuery", StringComparison.Ordinal))
        )
        {
            var json = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            logged[json.GetProperty("peerID").GetString()!] = json.GetProperty("XOR").GetInt32();
        }

        var query = RealQuery();

        Assert.Equal(29, logged.Count);
        Assert.All(query.Peers, peer => Assert.Equal(256 - logged[peer.Id], peer.Xor));
    }

    [Fact]
    public void A_real_log_in_any_order_and_read_twice_is_the_same_query()
    {
        var log = RealLog();
        var lines = Encoding.UTF8.GetString(log).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var expected = Captures.Json(TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(log)).Queries);
        for (var seed = 0; seed < 20; seed++)
        {
            var shuffled = lines.ToArray();
            new Random(seed).Shuffle(shuffled);
            var spans = EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(string.Join('\n', shuffled)));

            Assert.Equal(expected, Captures.Json(TraceReconstruction.Reconstruct([.. spans, .. EventLog2019Reader.Decode(log)]).Queries));
        }
    }

    [Fact]
    public void A_key_that_was_forced_into_utf_8_is_unknown_and_xor_is_what_the_log_says()
    {
        var query = Only(Line("addPeerToQuery", 1, "\"peerID\":\"QmA\",\"Hops\":0,\"XOR\":7", key: "\\ufffd\\ufffdk"));

        Assert.Null(query.Key);
        Assert.Equal(249, Assert.Single(query.Peers).Xor);
    }

    [Fact]
    public void The_peer_found_tells_a_key_that_was_forced_into_utf_8() =>
        Assert.Equal(
            Found,
            Only(
                Line(
                    "queryPeer.Result",
                    1,
                    "\"peerID\":\"QmA\",\"success\":true",
                    key: "\\ufffd",
                    result: $"{{\"Success\":true,\"FoundPeer\":\"{Found}\"}}"
                )
            ).Key!.Text
        );

    [Theory]
    [InlineData("GET_PROVIDERS", QueryType.GetProviders)]
    [InlineData("GET_VALUE", QueryType.GetValue)]
    [InlineData("FIND_NODE", QueryType.FindPeer)]
    public void The_messages_tell_what_the_query_was_for(string message, QueryType type)
    {
        var query = Only(
            Line("queryPeer.Start", 1, "\"peerID\":\"QmA\""),
            $$"""{"event":"dhtSentMessage","message":{"key":"{{Found}}","type":"{{message}}"}"""
                + ""","peerID":"QmA","time":"2019-07-25T01:26:20.000002Z"}"""
        );

        Assert.Equal(type, query.Type);
        Assert.Equal(message, Words.Of(Assert.Single(Assert.Single(query.Peers).Requests).Type));
    }

    [Theory]
    [InlineData("\"closerPeers\":null,\"filteredPeers\":null", 0, 0)]
    [InlineData("\"closerPeers\":[\"QmB\",\"QmC\"],\"filteredPeers\":null", 2, 0)]
    [InlineData("\"closerPeers\":[\"QmB\",\"QmC\"]", 2, null)]
    [InlineData("\"x\":0", null, null)]
    public void A_list_that_is_null_is_empty_and_one_that_is_missing_is_unknown(string lists, int? returned, int? fresh)
    {
        var query = Only(
            Line("queryPeer.Start", 1, "\"peerID\":\"QmA\""),
            Line("queryPeer.Result", 2, $"\"peerID\":\"QmA\",\"success\":false,{lists}")
        );

        var request = Assert.Single(query.Peers.Single(peer => peer.Id == "QmA").Requests);
        Assert.Equal((RequestOutcome.Answered, returned, fresh), (request.Outcome, request.Returned, request.New));
        Assert.Equal(returned is null, request.Named.IsDefault);
    }

    [Theory]
    [InlineData("dialPeer.AlreadyConnected", 0)]
    [InlineData("dialPeer.Dialing", 1)]
    [InlineData("queryPeer.Start", null)]
    public void A_log_of_requests_without_one_dial_does_not_tell_dials(string before, int? dialed) =>
        Assert.Equal(dialed, Only(Line(before, 1, "\"peerID\":\"QmA\""), Line("queryPeer.Start", 2, "\"peerID\":\"QmA\"")).Counts.Dialed);

    [Fact]
    public void Peers_of_one_answer_stand_in_its_order()
    {
        string[] named = ["QmD", "QmB", "QmE", "QmC"];
        var query = Only([
            Line("addPeerToQuery", 1, "\"peerID\":\"QmA\",\"Hops\":0"),
            Line("queryPeer.Start", 2, "\"peerID\":\"QmA\""),
            Line("queryPeer.Result", 3, $"\"peerID\":\"QmA\",\"closerPeers\":{JsonSerializer.Serialize(named)}"),
            .. named.Order(StringComparer.Ordinal).Select(id => Line("addPeerToQuery", 3, $"\"peerID\":\"{id}\",\"Hops\":1")),
        ]);

        Assert.Equal(["QmA", .. named], query.Peers.Select(peer => peer.Id));
    }

    [Fact]
    public void A_log_that_begins_in_the_middle_knows_who_was_seen_before_and_no_more()
    {
        var query = Only(Line("queryPeer.Start", 5, "\"peerID\":\"QmA\"", seen: "[\"QmA\",\"QmB\"]"));

        Assert.Equal((2, QueryOutcome.Incomplete), (query.Counts.Seen, query.Outcome));
        var before = query.Peers.Single(peer => peer.Id == "QmB");
        Assert.Equal((null, null, PeerState.Heard), (before.HeardNs, before.Hops, before.State));
    }

    [Fact]
    public void A_repeated_line_is_a_duplicate_only_when_it_adds_a_peer()
    {
        var added = Line("addPeerToQuery", 1, "\"peerID\":\"QmA\",\"Hops\":0,\"XOR\":1");
        var dialing = Line("dialPeer.Dialing", 2, "\"peerID\":\"QmA\"");

        var peer = Assert.Single(Only(added, added, dialing, dialing).Peers);

        Assert.True(peer.Duplicate);
        Assert.False(Assert.Single(Only(added, dialing, dialing).Peers).Duplicate);
    }

    [Fact]
    public void The_end_of_the_run_gives_duration_and_outcome()
    {
        var query = Only(Line("Run.Start", 1), Line("Run.End", 9, end: "2019-07-25T01:26:20.5Z"));

        Assert.Equal((QueryOutcome.NotFound, 500_000_000), (query.Outcome, query.DurationNs));
    }

    private static Query Only(params string[] lines) =>
        Assert.Single(TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(string.Join('\n', lines)))).Queries);

    private static string Line(
        string name,
        int microseconds,
        string fields = "\"x\":0",
        string key = "/provider/" + Found,
        string result = "null",
        string seen = "null",
        string end = "0001-01-01T00:00:00Z"
    ) =>
        $$"""{"QueryRunner":{"Query":{"Key":"{{key}}","Type":""},"PeersSeen":{{seen}},"Result":{{result}}"""
        + $$""","StartTime":"2019-07-24T18:26:20-07:00","EndTime":"{{end}}"},{{fields}}"""
        + $$""","event":"dhtQueryRunner.{{name}}","time":"2019-07-25T01:26:20.{{microseconds:D6}}Z"}""";

    private static byte[] RealLog()
    {
        var path = TestFiles.Shared("eventlog", "eventlog_sample1.txt");
        Assert.SkipWhen(
            path is null,
            "the event log of 2019 may not be copied into the repository; DHT_TRACER_SHARED_DATA names where it is"
        );
        return File.ReadAllBytes(path!);
    }

    private static Query RealQuery() => Assert.Single(TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(RealLog())).Queries);
}
