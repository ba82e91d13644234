using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Kademlia.Tests.Routing;

public sealed class RoutingTableTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(4);

    [Fact]
    public void The_closest_peers_are_those_that_sorting_all_of_them_gives() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<(int Seed, byte Peers, byte Count)>(),
                input =>
                {
                    var random = new Random(input.Seed);
                    var table = new RoutingTable(SimulatedNetwork.RandomPeerId(random), 5);
                    for (var i = 0; i < input.Peers; i++)
                    {
                        table.Add(Peer(random), Noon);
                    }

                    var target = KadId.Of(BitConverter.GetBytes(random.Next()));
                    var expected = table
                        .Peers()
                        .OrderBy(peer => KadId.Of(peer.Id), Comparer<KadId>.Create(target.CompareDistance))
                        .Take(input.Count);
                    return table.Closest(target, input.Count).Select(peer => peer.Id).SequenceEqual(expected.Select(peer => peer.Id));
                }
            )
        );

    [Fact]
    public void A_bucket_holds_k_peers_of_one_common_prefix_length_and_no_more()
    {
        var self = SimulatedNetwork.RandomPeerId(_random);
        var table = new RoutingTable(self, 3);
        var changes = Enumerable.Range(0, 200).Select(_ => table.Add(Peer(_random), Noon)).ToList();
        Assert.Contains(RoutingTableChange.BucketFull, changes);
        Assert.All(table.BucketSizes(), size => Assert.InRange(size, 0, 3));
        Assert.Equal(table.Count, table.BucketSizes().Sum());
        var byPrefix = table.Peers().CountBy(peer => KadId.Of(self).CommonPrefixLength(KadId.Of(peer.Id))).ToDictionary();
        Assert.All(byPrefix, bucket => Assert.Equal(table.BucketSizes()[bucket.Key], bucket.Value));
    }

    [Fact]
    public void Seeing_a_peer_again_makes_it_the_most_recently_seen()
    {
        var table = new RoutingTable(SimulatedNetwork.RandomPeerId(_random), 2);
        var (first, second) = TwoOfOneBucket(table);
        Assert.Equal(first.Id, table.LeastRecentlySeenBeside(first.Id)!.Value.Peer.Id);
        Assert.Equal(RoutingTableChange.Refreshed, table.Add(first, Noon.AddMinutes(1)));
        Assert.Equal(second.Id, table.LeastRecentlySeenBeside(first.Id)!.Value.Peer.Id);
    }

    [Fact]
    public void The_node_itself_never_enters()
    {
        var self = SimulatedNetwork.RandomPeerId(_random);
        var table = new RoutingTable(self);
        Assert.Equal(RoutingTableChange.None, table.Add(new KadPeer(self, []), Noon));
        Assert.False(table.Remove(self));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_peer_that_comes_back_without_addresses_keeps_those_known()
    {
        var table = new RoutingTable(SimulatedNetwork.RandomPeerId(_random));
        var peer = Peer(_random) with { Addresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/1")] };
        table.Add(peer, Noon);
        table.Add(peer with { Addresses = [] }, Noon);
        Assert.Equal(peer.Addresses, table.Find(peer.Id)!.Addresses);
    }

    private static KadPeer Peer(Random random) => new(SimulatedNetwork.RandomPeerId(random), []);

    private (KadPeer First, KadPeer Second) TwoOfOneBucket(RoutingTable table)
    {
        while (true)
        {
            var peer = Peer(_random);
            table.Add(peer, Noon);
            var full = table.BucketSizes().ToList().IndexOf(2);
            if (full >= 0)
            {
                var first = table.LeastRecentlySeenBeside(peer.Id)!.Value.Peer;
                return (first, peer);
            }
        }
    }
}
