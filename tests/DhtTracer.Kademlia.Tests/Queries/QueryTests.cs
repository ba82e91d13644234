using System.Text;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Queries;

/// <summary>The operations, each in a simulated network of 200 peers.</summary>
public sealed class QueryTests
{
    private static readonly byte[] ValueKey = "/v/greeting"u8.ToArray();
    private static readonly Cid Content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("content"u8));

    private readonly VirtualTime _time = new();
    private readonly SimulatedNetwork _network;

    public QueryTests() => _network = new SimulatedNetwork(_time, 200);

    [Fact]
    public void Find_peer_stops_as_soon_as_an_answer_names_the_peer()
    {
        var wanted = _network.Peers[150];
        var node = NodeThatDoesNotKnow(wanted);
        var recorder = new QueryRecorder();
        var result = _time.Run(() => node.FindPeerAsync(wanted.Id, new QueryOptions { Observers = [recorder] }));
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        Assert.Equal(QueryTermination.Stopped, result.Termination);
        Assert.Equal([wanted.Address], Assert.Single(result.Peers).Addresses);
        Assert.Equal(recorder.Trace.Results.Single().FoundAt, recorder.Trace.End!.DiscoveredAt);
        Assert.True(recorder.Trace.Queried < 60);
    }

    [Fact]
    public void Find_peer_of_a_peer_that_does_not_exist_is_not_found()
    {
        var result = _time.Run(() => _network.CreateNode(0).FindPeerAsync(SimulatedNetwork.RandomPeerId(new Random(77))));
        Assert.Equal(QueryOutcome.NotFound, result.Outcome);
        Assert.Equal(ErrorClass.NotFound, result.Error!.Class);
        Assert.Empty(result.Peers);
    }

    [Fact]
    public void A_provider_record_goes_to_the_20_closest_and_is_found_by_others()
    {
        var provider = _network.CreateNode(10);
        var added = _time.Run(() => provider.AddProviderAsync(Content));
        Assert.Equal(QueryOutcome.Success, added.Outcome);
        Assert.Equal(20, added.Results);
        var holders = _network
            .Peers.Where(peer => peer.Providers?.Get(Content.Multihash.Bytes).Count > 0)
            .Select(peer => peer.Id)
            .ToHashSet();
        Assert.True(holders.SetEquals(_network.TrueClosest(KadId.Of(Content.Multihash.Bytes), 20, provider.Id)));

        var found = _time.Run(() => _network.CreateNode(99).GetProvidersAsync(Content));
        Assert.Equal(QueryOutcome.Success, found.Outcome);
        Assert.Equal(provider.Id, Assert.Single(found.Peers).Id);
        Assert.NotEmpty(found.Peers[0].Addresses);
    }

    [Fact]
    public void Get_providers_stops_when_it_has_as_many_as_asked_for()
    {
        for (var i = 0; i < 10; i++)
        {
            var provider = _network.CreateNode(i);
            _time.Run(() => provider.AddProviderAsync(Content));
        }

        var three = _time.Run(() => _network.CreateNode(99).GetProvidersAsync(Content, new QueryOptions { Count = 3 }));
        Assert.Equal(3, three.Results);
        Assert.Equal(QueryTermination.Stopped, three.Termination);

        var all = _time.Run(() => _network.CreateNode(99).GetProvidersAsync(Content, new QueryOptions { Count = 0 }));
        Assert.Equal(10, all.Results);
        Assert.Equal(QueryTermination.Completed, all.Termination);
    }

    [Fact]
    public void Get_providers_of_content_that_nobody_has_is_not_found()
    {
        var result = _time.Run(() => _network.CreateNode(0).GetProvidersAsync(Content));
        Assert.Equal(QueryOutcome.NotFound, result.Outcome);
        Assert.Equal(QueryTermination.Completed, result.Termination);
    }

    [Fact]
    public void A_value_put_by_one_node_is_got_by_another_at_its_quorum()
    {
        var put = _time.Run(() => _network.CreateNode(5).PutValueAsync(ValueKey, "hello"u8.ToArray()));
        Assert.Equal(20, put.Results);
        var got = _time.Run(() => _network.CreateNode(120).GetValueAsync(ValueKey, new QueryOptions { Count = 4 }));
        Assert.Equal("hello", Encoding.UTF8.GetString(got.Value!.Value.Span));
        Assert.Equal(4, got.Results);
        Assert.Equal(QueryTermination.Stopped, got.Termination);
    }

    [Fact]
    public void The_better_record_wins_and_holders_of_a_worse_or_invalid_one_are_corrected()
    {
        var closest = _network.TrueClosest(KadId.Of(ValueKey), 20).Select(id => _network.Prepare(_network.Find(id)!)).ToList();
        foreach (var (peer, i) in closest.Select((peer, i) => (peer, i)))
        {
            Assert.Null(peer.Values!.Put(ValueKey, i == 7 ? "b-new"u8 : "a-old"u8));
        }

        var recorder = new QueryRecorder();
        var got = _time.Run(() => Outsider().GetValueAsync(ValueKey, new QueryOptions { Count = 0, Observers = [recorder] }));
        Assert.Equal("b-new", Encoding.UTF8.GetString(got.Value!.Value.Span));
        Assert.Equal(closest[7].Id, Assert.Single(got.Peers).Id);
        Assert.All(closest, peer => Assert.Equal("b-new", Encoding.UTF8.GetString(peer.Values!.Get(ValueKey)!.Value.Span)));
        Assert.Equal(19, recorder.Trace.Peers.Sum(peer => peer.Requests.Count(request => request.Type == MessageType.PutValue)));
        Assert.True(
            recorder.Trace.End!.DiscoveredAt
                < recorder.Trace.Peers.SelectMany(peer => peer.Requests).First(request => request.Type == MessageType.PutValue).StartedAt
        );
    }

    [Fact]
    public void A_record_that_no_peer_would_take_is_refused_before_it_is_sent()
    {
        var node = _network.CreateNode(0);
        var refused = Assert.Throws<ArgumentException>(() =>
        {
            _ = node.PutValueAsync(ValueKey, "bad"u8.ToArray());
        });
        Assert.Contains("says that it is bad", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() =>
        {
            _ = node.PutValueAsync("/unknown/x"u8.ToArray(), "1"u8.ToArray());
        });
    }

    [Fact]
    public void Get_value_of_a_key_that_nobody_has_is_not_found()
    {
        var result = _time.Run(() => _network.CreateNode(0).GetValueAsync("/v/nobody"u8.ToArray()));
        Assert.Equal(QueryOutcome.NotFound, result.Outcome);
        Assert.Null(result.Value);
    }

    [Fact]
    public void Ping_succeeds_with_a_live_peer_and_fails_with_a_dead_one()
    {
        var node = _network.CreateNode(0);
        var live = _time.Run(() => node.PingAsync(_network.Peers[1].AsKadPeer));
        Assert.Equal((QueryOutcome.Success, 1), (live.Outcome, live.Results));

        _network.Peers[2].Fault = Fault.Refuses;
        var dead = _time.Run(() => node.PingAsync(_network.Peers[2].AsKadPeer));
        Assert.Equal((QueryOutcome.Failed, 0), (dead.Outcome, dead.Results));
        Assert.Equal(ErrorClass.DialRefused, dead.Error!.Class);
    }

    [Fact]
    public void Bootstrap_fills_the_routing_table_from_one_peer()
    {
        var node = _network.CreateNode(null);
        Assert.Equal(1, _time.Run(() => node.BootstrapAsync([_network.Peers[0].AsKadPeer])));
        _time.Run(() => node.RefreshAsync());
        Assert.True(node.RoutingTable.Count > 40, $"{node.RoutingTable.Count} peers");
    }

    [Fact]
    public void Bootstrap_counts_the_peers_that_answer_and_needs_no_ping()
    {
        _network.Peers[0].Fault = Fault.RefusesPing;
        _network.Peers[1].Fault = Fault.Refuses;
        var node = _network.CreateNode(null);
        Assert.Equal(2, _time.Run(() => node.BootstrapAsync([.. _network.Peers.Take(3).Select(peer => peer.AsKadPeer)])));
        Assert.True(node.RoutingTable.Contains(_network.Peers[0].Id));
        Assert.True(node.RoutingTable.Count > 20, $"{node.RoutingTable.Count} peers");
    }

    [Fact]
    public void Get_value_finds_what_the_node_itself_stores_without_asking_anybody_at_a_quorum_of_one()
    {
        var node = _network.CreateNode(3);
        Assert.Null(node.Values.Put(ValueKey, "mine"u8));
        var recorder = new QueryRecorder();
        var got = _time.Run(() => node.GetValueAsync(ValueKey, new QueryOptions { Count = 1, Observers = [recorder] }));
        Assert.Equal((QueryOutcome.Success, 1, QueryTermination.Stopped), (got.Outcome, got.Results, got.Termination));
        Assert.Equal("mine", Encoding.UTF8.GetString(got.Value!.Value.Span));
        Assert.Empty(recorder.Trace.Peers);
        Assert.Equal(node.Id.ToString(), Assert.Single(recorder.Trace.Results).AnsweredBy);
        Assert.True(recorder.Trace.End!.HasLocalResult);
        Assert.Equal(recorder.Trace.Query.Start, recorder.Trace.End.DiscoveredAt);
    }

    [Fact]
    public void Get_value_counts_its_own_record_once_and_goes_on_to_the_network()
    {
        var node = _network.CreateNode(5);
        _time.Run(() => node.PutValueAsync(ValueKey, "hello"u8.ToArray()));
        var recorder = new QueryRecorder();
        var got = _time.Run(() => node.GetValueAsync(ValueKey, new QueryOptions { Count = 4, Observers = [recorder] }));
        Assert.Equal(4, got.Results);
        Assert.Equal([true, false, false, false], recorder.Trace.Results.Select(result => result.AnsweredBy == node.Id.ToString()));
    }

    [Fact]
    public void Get_value_with_nobody_to_ask_still_finds_its_own_record()
    {
        var node = _network.CreateNode(null);
        Assert.Null(node.Values.Put(ValueKey, "mine"u8));
        var got = _time.Run(() => node.GetValueAsync(ValueKey));
        Assert.Equal((QueryOutcome.Success, 1), (got.Outcome, got.Results));
    }

    [Fact]
    public void A_better_record_of_the_network_replaces_the_nodes_own()
    {
        var other = _network.CreateNode(7);
        _time.Run(() => other.PutValueAsync(ValueKey, "b-new"u8.ToArray()));
        var node = Outsider();
        Assert.Null(node.Values.Put(ValueKey, "a-old"u8));
        var got = _time.Run(() => node.GetValueAsync(ValueKey));
        Assert.Equal("b-new", Encoding.UTF8.GetString(got.Value!.Value.Span));
        Assert.Equal("b-new", Encoding.UTF8.GetString(node.Values.Get(ValueKey)!.Value.Span));
    }

    [Fact]
    public void Without_validation_any_key_and_value_is_stored_and_found()
    {
        var network = new SimulatedNetwork(_time, 200, validator: RecordValidator.AcceptAll);
        var key = new byte[] { 0, 0x11, 0xff };
        var put = _time.Run(() => network.CreateNode(5).PutValueAsync(key, "bad"u8.ToArray()));
        Assert.Equal(20, put.Results);
        var got = _time.Run(() => network.CreateNode(120).GetValueAsync(key));
        Assert.Equal("bad", Encoding.UTF8.GetString(got.Value!.Value.Span));
    }

    [Fact]
    public void A_reset_of_a_record_request_does_not_cost_the_peer_its_place()
    {
        var node = _network.CreateNode(null, _network.Peers.Take(20));
        foreach (var peer in _network.Peers)
        {
            peer.Fault = Fault.Resets;
        }

        _time.Run(() => node.GetValueAsync("/unknown/x"u8.ToArray()));
        Assert.Equal(20, node.RoutingTable.Count);
        _time.Run(() => node.GetClosestPeersAsync(ValueKey));
        Assert.Equal(0, node.RoutingTable.Count);
    }

    private DhtNode Outsider() => _network.CreateNode(null, _network.Peers.Take(20));

    private DhtNode NodeThatDoesNotKnow(SimulatedPeer wanted) =>
        Enumerable.Range(0, 100).Select(index => _network.CreateNode(index)).First(node => !node.RoutingTable.Contains(wanted.Id));
}
