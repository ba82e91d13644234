using System.Text;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tests.Tracing;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Records;

/// <summary>
/// Provider records are announced again every 22 hours, before they expire after 48
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#content-provider-advertisement-and-discovery), and values as long as they
/// hold.
/// </summary>
public sealed class ReannouncerTests
{
    private static readonly Cid Content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("content"u8));
    private static readonly byte[] ValueKey = "/v/greeting"u8.ToArray();

    private readonly VirtualTime _time = new();
    private readonly SimulatedNetwork _network;

    public ReannouncerTests() => _network = new SimulatedNetwork(_time, 100);

    [Fact]
    public void A_provider_record_outlives_its_48_hours_because_it_is_announced_again() =>
        Run(
            new DhtOptions(),
            async node =>
            {
                await node.AddProviderAsync(Content);
                for (var hours = 0; hours < 200; hours += 10)
                {
                    await Task.Delay(TimeSpan.FromHours(10), _time);
                    Assert.Equal(20, Holders(Content));
                }
            }
        );

    [Fact]
    public void Without_announcing_again_it_is_forgotten_after_48_hours() =>
        Run(
            new DhtOptions { ReprovideInterval = TimeSpan.Zero },
            async node =>
            {
                await node.AddProviderAsync(Content);
                await Task.Delay(TimeSpan.FromHours(47.9), _time);
                Assert.Equal(20, Holders(Content));
                await Task.Delay(TimeSpan.FromHours(0.2), _time);
                Assert.Equal(0, Holders(Content));
            }
        );

    [Fact]
    public void Each_key_is_announced_at_its_own_interval_and_not_before() =>
        Run(
            new DhtOptions { ReprovideInterval = TimeSpan.FromHours(3) },
            async node =>
            {
                var second = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("second"u8));
                await node.AddProviderAsync(Content);
                await Task.Delay(TimeSpan.FromHours(2), _time);
                await node.AddProviderAsync(second);
                Forget();
                await Task.Delay(TimeSpan.FromMinutes(50), _time);
                Assert.Equal((0, 0), (Holders(Content), Holders(second)));
                await Task.Delay(TimeSpan.FromMinutes(20), _time);
                Assert.Equal((20, 0), (Holders(Content), Holders(second)));
                await Task.Delay(TimeSpan.FromHours(2), _time);
                Assert.Equal((20, 20), (Holders(Content), Holders(second)));
            }
        );

    [Fact]
    public void An_announcement_that_nobody_took_is_tried_again_in_ten_minutes() =>
        Run(
            new DhtOptions { ReprovideInterval = TimeSpan.FromHours(3) },
            async node =>
            {
                await node.AddProviderAsync(Content);
                Forget();
                foreach (var peer in _network.Peers)
                {
                    peer.Fault = Fault.Resets;
                }

                await Task.Delay(TimeSpan.FromHours(3.1), _time);
                Assert.Equal(0, Holders(Content));
                foreach (var peer in _network.Peers)
                {
                    peer.Fault = Fault.None;
                    node.Offer(peer.AsKadPeer);
                }

                await Task.Delay(TimeSpan.FromMinutes(11), _time);
                Assert.Equal(20, Holders(Content));
            }
        );

    [Fact]
    public void Announcing_again_is_a_background_query_and_the_users_own_is_not()
    {
        using var collector = new ActivityCollector();
        Run(
            new DhtOptions { ReprovideInterval = TimeSpan.FromHours(1) },
            async node =>
            {
                await node.AddProviderAsync(Content);
                await Task.Delay(TimeSpan.FromHours(2.5), _time);
                var queries = collector.OfNode(node.Id).Where(span => Equals(span.GetTagItem("dht.query.type"), "add-provider")).ToList();
                Assert.Equal([null, true, true], queries.Select(query => query.GetTagItem("dht.query.background")));
            }
        );
    }

    [Fact]
    public void A_reset_node_announces_nothing_any_more() =>
        Run(
            new DhtOptions { ReprovideInterval = TimeSpan.FromHours(1) },
            async node =>
            {
                await node.AddProviderAsync(Content);
                Forget();
                node.Reset();
                node.Offer(_network.Peers[1].AsKadPeer);
                await Task.Delay(TimeSpan.FromHours(3), _time);
                Assert.Equal(0, Holders(Content));
            }
        );

    [Fact]
    public void A_value_is_put_again_until_a_better_one_is_known() =>
        Run(
            new DhtOptions(),
            async node =>
            {
                await node.PutValueAsync(ValueKey, "a"u8.ToArray());
                await Task.Delay(TimeSpan.FromHours(100), _time);
                Assert.Equal(20, ValueHolders("a"));
                Assert.Null(node.Values.Put(ValueKey, "b"u8));
                await Task.Delay(TimeSpan.FromHours(50), _time);
                Assert.Equal(0, ValueHolders("a"));
            }
        );

    [Fact]
    public void A_record_that_has_run_out_is_not_put_again()
    {
        var identity = Identity.FromSeed(new byte[32]);
        var name = RecordKey.ForIpns(identity.PeerId);
        var record = IpnsRecord.Create(identity, "/ipfs/bafkqaaa", 1, _time.GetUtcNow().AddHours(24), TimeSpan.FromMinutes(1));
        var network = new SimulatedNetwork(_time, 60, validator: RecordValidator.CreateDefault(_time));
        var node = network.CreateNode(3);
        _time.Run(async () =>
        {
            node.Start();
            await node.PutValueAsync(name, record);
            foreach (var peer in network.Peers)
            {
                peer.Values?.Clear();
            }

            await Task.Delay(TimeSpan.FromHours(23), _time);
            Assert.Equal(20, network.Peers.Count(peer => peer.Values?.Get(name) is not null));
            await Task.Delay(TimeSpan.FromHours(2), _time);
            foreach (var peer in network.Peers)
            {
                peer.Values?.Clear();
            }

            await Task.Delay(TimeSpan.FromHours(100), _time);
            Assert.All(network.Peers, peer => Assert.Equal(0, peer.Values?.Count ?? 0));
            await node.DisposeAsync();
        });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(31)]
    public void Intervals_out_of_range_are_refused(int days)
    {
        Assert.Throws<DhtOptionsException>(new DhtOptions { ReprovideInterval = TimeSpan.FromDays(days) }.Validate);
        Assert.Throws<DhtOptionsException>(new DhtOptions { RepublishInterval = TimeSpan.FromDays(days) }.Validate);
    }

    private void Run(DhtOptions options, Func<DhtNode, Task> body)
    {
        // A refresh of all buckets every ten minutes for days is not what is looked at here.
        var node = _network.CreateNode(7, options with { RefreshInterval = Timeout.InfiniteTimeSpan });
        _time.Run(async () =>
        {
            node.Start();
            await body(node);
            await node.DisposeAsync();
        });
    }

    private int Holders(Cid cid) => _network.Peers.Count(peer => peer.Providers?.Get(cid.Multihash.Bytes).Count > 0);

    private int ValueHolders(string value) =>
        _network.Peers.Count(peer => peer.Values?.Get(ValueKey) is { } record && Encoding.UTF8.GetString(record.Value.Span) == value);

    private void Forget()
    {
        foreach (var peer in _network.Peers)
        {
            peer.Providers?.Clear();
        }
    }
}
