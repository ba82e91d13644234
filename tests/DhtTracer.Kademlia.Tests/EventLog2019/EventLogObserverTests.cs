using System.Text.Json;
using System.Text.Json.Nodes;
using DhtTracer.Kademlia.EventLog2019;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.Kademlia.Tests.EventLog2019;

public sealed class EventLogObserverTests
{
    private readonly VirtualTime _time = new();
    private readonly List<JsonObject> _events = [];

    [Fact]
    public void Each_step_of_a_query_is_an_event_with_the_runners_state()
    {
        var network = new SimulatedNetwork(_time, 100);
        foreach (var peer in network.Peers.Where(peer => peer.Index % 3 == 0))
        {
            peer.Fault = Fault.Refuses;
        }

        var wanted = network.Peers[50];
        var recorder = new QueryRecorder();
        _time.Run(() => network.CreateNode(1).FindPeerAsync(wanted.Id, new QueryOptions { Observers = [Observer(), recorder] }));
        var truth = recorder.Trace;

        Assert.Equal("dhtQueryRunner.Run.Start", Name(_events[0]));
        Assert.Equal("dhtQueryRunner.Run.End", Name(_events[^1]));
        Assert.Equal(
            truth.Peers.Select(peer => (peer.Id, peer.Hops, 256 - peer.Xor)),
            Named("addPeerToQuery").Select(e => (Peer(e), (int)e["Hops"]!, (int)e["XOR"]!))
        );
        Assert.Equal(truth.Peers.Count(peer => peer.Dials.Any(dial => !dial.Reused)), Named("dialPeer.Dialing").Count());
        Assert.Equal(
            truth.Peers.Where(peer => peer.Dials.Any(dial => dial.Error is not null)).Select(peer => peer.Id).Order(),
            Named("dialPeer.DialFailure").Select(Peer).Order()
        );
        Assert.Equal(truth.Peers.Sum(peer => peer.Requests.Count), Named("queryPeer.Start").Count());
        Assert.Equal(Named("queryPeer.Start").Count(), Named("queryPeer.End").Count());
        foreach (var result in Named("queryPeer.Result"))
        {
            var request = truth.Peers.Single(peer => peer.Id == Peer(result)).Requests.Single();
            Assert.Equal(request.CloserPeers, Strings(result["closerPeers"]));
            Assert.Equal(request.NewPeers, Strings(result["filteredPeers"]));
        }

        Assert.Single(Named("queryPeer.Result"), e => (bool)e["success"]!);
        var end = _events[^1]["QueryRunner"]!;
        Assert.Equal($"/provider/{wanted.Id}", (string)end["Query"]!["Key"]!);
        Assert.True((bool)end["Result"]!["Success"]!);
        Assert.Equal(wanted.Id.ToString(), (string)end["Result"]!["FoundPeer"]!);
        Assert.Equal(truth.Seen, Strings(end["PeersSeen"]).Count);
        Assert.NotEqual("0001-01-01T00:00:00Z", (string)end["EndTime"]!);
        Assert.Equal("0001-01-01T00:00:00Z", (string)_events[^2]["QueryRunner"]!["EndTime"]!);
    }

    [Fact]
    public void Keys_have_the_forms_that_readers_of_the_log_know()
    {
        var network = new SimulatedNetwork(_time, 40);
        var node = network.CreateNode(0);
        var options = new QueryOptions { Observers = [Observer()] };
        _time.Run(() => node.GetProvidersAsync(Cid.Parse("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"), options));

        Assert.Equal("/provider/bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", KeyOfLast());
        _time.Run(() => node.GetValueAsync("/v/hello"u8.ToArray(), new QueryOptions { Observers = [Observer()] }));
        Assert.Equal("/v/hello", KeyOfLast());

        string KeyOfLast() => (string)_events[^1]["QueryRunner"]!["Query"]!["Key"]!;
    }

    [Fact]
    public void Events_have_the_fields_and_types_of_a_capture_of_2019()
    {
        var sample = TestFiles.Shared("eventlog", "eventlog_sample1.txt");
        Assert.SkipWhen(sample is null, Needs.Why("a capture of the event log of 2019"));
        var expected = new Dictionary<string, JsonObject>();
        foreach (var line in File.ReadLines(sample!).Where(line => line.StartsWith("data: {", StringComparison.Ordinal)))
        {
            var e = JsonNode.Parse(line[6..])!.AsObject();
            if (((string?)e["event"])?.StartsWith("dhtQueryRunner.", StringComparison.Ordinal) == true)
            {
                expected.TryAdd(Name(e), e);
            }
        }

        var network = new SimulatedNetwork(_time, 60);
        foreach (var peer in network.Peers.Where(peer => peer.Index % 4 == 0))
        {
            peer.Fault = Fault.Refuses;
        }

        var node = network.CreateNode(1);
        _time.Run(() => node.FindPeerAsync(network.Peers[9].Id, new QueryOptions { Observers = [Observer()] }));
        _time.Run(() => node.FindPeerAsync(network.Peers[9].Id, new QueryOptions { Observers = [Observer()] }));
        Assert.NotEmpty(expected);
        foreach (var (name, e) in expected)
        {
            var ours = _events.First(candidate => Name(candidate) == name);
            CompareShape(e, ours, name);
        }
    }

    private static void CompareShape(JsonNode? expected, JsonNode? ours, string path)
    {
        // Lists may be null in the log of 2019, and empty in ours.
        if (expected is null || ours is null)
        {
            return;
        }

        Assert.True(Kind(expected) == Kind(ours), $"{path}: {Kind(expected)} in 2019, {Kind(ours)} here");
        if (expected is JsonObject fields)
        {
            Assert.Equal(fields.Select(field => field.Key).Order(), ours.AsObject().Select(field => field.Key).Order());
            foreach (var (key, value) in fields)
            {
                CompareShape(value, ours[key], $"{path}.{key}");
            }
        }

        static JsonValueKind Kind(JsonNode node) => node.GetValueKind() is JsonValueKind.False ? JsonValueKind.True : node.GetValueKind();
    }

    private static string Name(JsonObject e) => (string)e["event"]!;

    private static string Peer(JsonObject e) => (string)e["peerID"]!;

    private static List<string> Strings(JsonNode? node) => [.. node!.AsArray().Select(item => (string)item!)];

    private IEnumerable<JsonObject> Named(string name) => _events.Where(e => Name(e) == "dhtQueryRunner." + name);

    private EventLogObserver Observer() => new(text => _events.Add(JsonNode.Parse(text)!.AsObject()));
}
