using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Routing;

public sealed class RoutingTableUpkeepTests
{
    private readonly VirtualTime _time = new();

    [Fact]
    public void A_newcomer_takes_the_place_of_the_least_recently_seen_peer_only_when_that_is_dead()
    {
        var network = new SimulatedNetwork(_time, 300, k: 2);
        var node = network.CreateNode(new DhtOptions { Lookup = new LookupParameters(K: 2) });
        var bucket = network.Peers.Where(peer => KadId.Of(node.Id).CommonPrefixLength(peer.KadId) == 0).Take(4).ToList();
        _time.Run(async () =>
        {
            node.Offer(bucket[0].AsKadPeer);
            node.Offer(bucket[1].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(5), _time);

            node.Offer(bucket[2].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(1), _time);
            Assert.True(node.RoutingTable.Contains(bucket[0].Id), "the oldest answered and stays");
            Assert.False(node.RoutingTable.Contains(bucket[2].Id));

            // bucket[0] was seen again, so bucket[1] is now the oldest.
            bucket[1].Fault = Fault.Refuses;
            await Task.Delay(TimeSpan.FromMinutes(5), _time);
            node.Offer(bucket[3].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(1), _time);
            Assert.False(node.RoutingTable.Contains(bucket[1].Id), "the oldest did not answer");
            Assert.True(node.RoutingTable.Contains(bucket[3].Id));
            await node.DisposeAsync();
        });
    }

    [Fact]
    public void Upkeep_keeps_a_peer_that_refuses_ping_and_serves_the_dht()
    {
        var network = new SimulatedNetwork(_time, 300, k: 1);
        var node = network.CreateNode(new DhtOptions { Lookup = new LookupParameters(K: 1) });
        var bucket = network.Peers.Where(peer => KadId.Of(node.Id).CommonPrefixLength(peer.KadId) == 0).Take(2).ToList();
        bucket[0].Fault = Fault.RefusesPing;
        _time.Run(async () =>
        {
            node.Offer(bucket[0].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(5), _time);
            node.Offer(bucket[1].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(1), _time);
            await node.DisposeAsync();
        });
        Assert.Equal(1, bucket[0].Requests);
        Assert.True(node.RoutingTable.Contains(bucket[0].Id));
        Assert.False(node.RoutingTable.Contains(bucket[1].Id));
    }

    [Fact]
    public void A_peer_seen_within_the_last_minute_is_not_asked_whether_it_lives()
    {
        var network = new SimulatedNetwork(_time, 300, k: 1);
        var node = network.CreateNode(new DhtOptions { Lookup = new LookupParameters(K: 1) });
        var bucket = network.Peers.Where(peer => KadId.Of(node.Id).CommonPrefixLength(peer.KadId) == 0).Take(2).ToList();
        _time.Run(async () =>
        {
            node.Offer(bucket[0].AsKadPeer);
            node.Offer(bucket[1].AsKadPeer);
            await Task.Delay(TimeSpan.FromMinutes(5), _time);
        });
        Assert.Equal(0, bucket[0].Requests);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    public void A_random_key_has_the_common_prefix_length_asked_for(int length)
    {
        var self = KadId.Of("self"u8);
        Assert.Equal(length, self.CommonPrefixLength(KadId.Of(RoutingTableUpkeep.RandomKey(self, length))));
    }

    [Fact]
    public void A_started_node_refreshes_its_table_by_the_clock()
    {
        var network = new SimulatedNetwork(_time, 100);
        var node = network.CreateNode(new DhtOptions { RefreshInterval = TimeSpan.FromMinutes(10) }, network.Peers.Take(3));
        _time.Run(async () =>
        {
            node.Start();
            await Task.Delay(TimeSpan.FromMinutes(9), _time);
            Assert.Equal(3, node.RoutingTable.Count);
            await Task.Delay(TimeSpan.FromMinutes(3), _time);
            Assert.True(node.RoutingTable.Count > 30, $"{node.RoutingTable.Count} peers");
            await node.DisposeAsync();
        });
    }
}
