using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;

namespace DhtTracer.Analysis.Tests.Network;

/// <summary>Size, density, recall, dead and unreachable peers, on networks whose truth is planted.</summary>
public sealed class NetworkFiguresTests
{
    private const ulong Minute = 60_000_000_000;

    [Theory]
    [InlineData(2_000)]
    [InlineData(10_000)]
    public void The_interval_of_the_size_covers_the_truth(int peers)
    {
        const int Trials = 40;
        var covered = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var network = new SimulatedNetwork(peers, seed: trial);
            var sets = Sets(network, Enumerable.Range(0, 30).Select(_ => network.Lookup(network.Position())));
            var size = sets.Size()!;
            Assert.InRange(size.Peers, peers * 0.8, peers * 1.25);
            covered += size.Low <= peers && peers <= size.High ? 1 : 0;
        }

        // 95 % are promised: under 34 of 40 has a probability of 1 in 1,000.
        Assert.InRange(covered, 34, Trials);
    }

    [Fact]
    public void Lookups_of_one_key_count_once()
    {
        var network = new SimulatedNetwork(5_000, seed: 1);
        var keys = Enumerable.Range(0, 10).Select(_ => network.Position()).ToList();
        var once = Sets(network, keys.Select(key => network.Lookup(key))).Size()!;
        var often = Sets(network, keys.SelectMany(key => Enumerable.Repeat(key, 50)).Select(key => network.Lookup(key))).Size()!;

        Assert.Equal(once with { Lookups = 500 }, often);
    }

    [Fact]
    public void Sets_that_share_their_peers_do_not_make_the_size_more_certain()
    {
        // 60 peers: a thousand keys see the same ones again and again.
        var network = new SimulatedNetwork(60, seed: 1);
        var size = Sets(network, Enumerable.Range(0, 1_000).Select(_ => network.Lookup(network.Position()))).Size()!;

        Assert.True(size.High / size.Low > 1.4);
    }

    [Fact]
    public void Too_few_keys_give_no_size_and_no_density()
    {
        var network = new SimulatedNetwork(5_000, seed: 1);
        var sets = Sets(network, Enumerable.Range(0, 4).Select(_ => network.Lookup(network.Position())));

        Assert.Null(sets.Size());
        Assert.Empty(PrefixDensity.Of(sets));
    }

    [Fact]
    public void A_dense_part_of_the_key_space_is_an_alarm_and_other_parts_are_not()
    {
        var network = new SimulatedNetwork(4_000, seed: 7);
        var even = Sets(network, Enumerable.Range(0, 200).Select(_ => network.Lookup(network.Position())));
        Assert.DoesNotContain(PrefixDensity.Of(even), static part => part.IsAlarm);

        // Four times as many peers in 1 of 16 parts.
        network.Plant(0b0101UL << 60, bits: 4, peers: 750);
        var planted = Sets(network, Enumerable.Range(0, 200).Select(_ => network.Lookup(network.Position())));
        var parts = PrefixDensity.Of(planted);

        Assert.Equal(16, parts.Length);
        var alarm = Assert.Single(parts, static part => part.IsAlarm);
        Assert.Equal("0101", alarm.Prefix);
        Assert.InRange(alarm.Times!.Value, 3, 5.5);
    }

    [Fact]
    public void Recall_is_the_share_of_near_peers_that_others_of_the_hour_found()
    {
        var network = new SimulatedNetwork(5_000, seed: 1);
        var key = network.Position();
        var near = network.Nearest(key, 24);

        // The second missed four of the twenty and has the four behind them.
        var whole = network.Lookup(key, near.Take(20), 10 * Minute);
        var partial = network.Lookup(key, near.Skip(4), 20 * Minute);
        var later = network.Lookup(key, near.Take(20), 90 * Minute);
        var recall = LookupRecall.Of(Sets(network, [later, partial, whole]))!;

        // 16 of the 20 of the first lie in the radius of the second's set and are found; the first knows nothing that the second lacks.
        Assert.Equal(2, recall.Lookups);
        Assert.Equal(new LookupRecall(partial.Query, 16, 20), Assert.Single(recall.Worst));
        Assert.Equal((32, 36), (recall.Found, recall.Near));
    }

    [Fact]
    public void A_lookup_that_nobody_else_came_near_is_not_judged()
    {
        var network = new SimulatedNetwork(50_000, seed: 1);
        Assert.Null(LookupRecall.Of(Sets(network, [network.Lookup(1UL << 63), network.Lookup(1)])));
    }

    [Fact]
    public void Lookups_that_share_no_peer_are_of_different_networks()
    {
        var tally = new NetworkTally();
        var (small, large) = (new SimulatedNetwork(500, seed: 1), new SimulatedNetwork(50_000, seed: 2));
        for (var i = 0; i < 30; i++)
        {
            // Each shares a peer only with the one before.
            var peers = new[] { Peer($"small {i}", PeerFate.Answered), Peer($"small {i + 1}", PeerFate.Answered) };
            tally.Add(small.Lookup(small.Position()) with { Peers = [.. peers] });
        }

        var large1 = large.Lookup(large.Position()) with { Peers = [Peer("bootstrap", PeerFate.Failed)] };
        tally.Add(large1);
        for (var i = 0; i < 9; i++)
        {
            tally.Add(large.Lookup(large.Position()) with { Peers = large1.Peers });
        }

        // Together the ten of the large network would look like surrounded keys.
        var report = tally.ToReport(hasOlder: false);
        Assert.Empty(report.Suspicious);
        Assert.Equal((2, 30, 40), (report.Networks, report.Keys, report.ClosestSets));
        Assert.InRange(report.Size!.Peers, 400, 620);
        Assert.InRange(tally.SetsAround(large1).Size()!.Peers, 35_000, 70_000);
        Assert.Empty(tally.SetsAround(Met(Peer("unknown", PeerFate.Answered))).Lookups);
    }

    [Fact]
    public void A_lookup_that_meets_peers_of_two_networks_makes_them_one()
    {
        var tally = new NetworkTally();
        var network = new SimulatedNetwork(500, seed: 1);
        ObservedLookup Looked(params string[] peers) =>
            network.Lookup(network.Position()) with
            {
                Peers = [.. peers.Select(static id => Peer(id, PeerFate.Answered))],
            };
        tally.Add(Looked("a"));
        tally.Add(Looked("b"));
        tally.Add(Looked("c"));
        Assert.Equal(3, tally.ToReport(hasOlder: false).Networks);

        tally.Add(Looked("c", "a"));
        Assert.Equal(2, tally.ToReport(hasOlder: false).Networks);
        Assert.Equal(3, tally.SetsAround(Looked("c")).Lookups.Count);
    }

    [Fact]
    public void Peers_count_once_by_what_is_known_of_them()
    {
        var tally = new NetworkTally();
        tally.Add(Met(Peer("a", PeerFate.Failed) with { Error = "dial-timeout", Transport = "quic" }, Peer("b", PeerFate.Answered)));
        tally.Add(
            Met(
                Peer("a", PeerFate.Answered) with
                {
                    Agent = "kubo/0.43",
                },
                Peer("c", PeerFate.Failed) with
                {
                    Error = "protocol-not-supported",
                    SpeaksDht = false,
                    Agent = "kubo/0.43",
                    Transport = "tcp",
                },
                Peer("d", PeerFate.Open)
            )
        );
        var report = tally.ToReport(hasOlder: false);

        Assert.Equal(
            (4, 2, 1, 1, 1),
            (report.Peers.Asked, report.Peers.Answered, report.Peers.Unreachable, report.Peers.Open, report.Peers.WithoutDht)
        );
        Assert.Equal([("protocol-not-supported", 1L)], report.Peers.ByError.Select(static error => (error.Name, error.Count)));
        Assert.Equal([new PeerGroup("kubo/0.43", 2, 1, 1, 1), new PeerGroup(null, 2, 1, 0, 0)], report.Peers.ByAgent.AsEnumerable());
        Assert.Equal(0.5, report.Peers.ByAgent[0].UnreachableShare);
        Assert.Equal([null, "quic", "tcp"], report.Peers.ByTransport.Select(static group => group.Name).Order());
    }

    [Fact]
    public void Dead_peers_count_for_the_peers_that_named_them()
    {
        var tally = new NetworkTally();
        tally.Add(
            Met(
                Peer("stale", PeerFate.Answered) with
                {
                    NamedTried = 30,
                    NamedDead = 15,
                },
                Peer("fresh", PeerFate.Answered) with
                {
                    NamedTried = 40,
                    NamedDead = 1,
                },
                Peer("rare", PeerFate.Answered) with
                {
                    NamedTried = 2,
                    NamedDead = 2,
                }
            )
        );
        tally.Add(Met(Peer("stale", PeerFate.Answered)));
        var dead = tally.ToReport(hasOlder: false).Dead!;

        Assert.Equal((1, 72, 18, 3), (dead.Lookups, dead.Tried, dead.Dead, dead.Namers));
        Assert.Equal([new DeadNamer("stale", 30, 15), new DeadNamer("fresh", 40, 1)], dead.Worst.AsEnumerable());
        Assert.Null(new NetworkTally().ToReport(hasOlder: false).Dead);
    }

    private static ClosestSets Sets(SimulatedNetwork network, IEnumerable<ObservedLookup> lookups)
    {
        Assert.NotNull(network);
        var sets = new ClosestSets();
        foreach (var lookup in lookups)
        {
            sets.Add(lookup);
        }

        return sets;
    }

    private static ObservedLookup Met(params ObservedPeer[] peers) =>
        new()
        {
            Query = default(QueryId),
            StartUnixNano = Minute,
            Peers = [.. peers],
        };

    private static ObservedPeer Peer(string id, PeerFate fate) => new() { Id = id, Fate = fate };
}
