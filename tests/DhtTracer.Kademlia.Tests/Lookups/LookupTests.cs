using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Lookups;

public sealed class LookupTests
{
    private readonly VirtualTime _time = new();

    [Fact]
    public void A_lookup_finds_the_true_k_closest_of_a_thousand_peers()
    {
        var network = new SimulatedNetwork(_time, 1000);
        var exact = 0;
        for (var i = 0; i < 50; i++)
        {
            var node = network.CreateNode(i);
            var key = Key(i);
            var result = _time.Run(() => node.GetClosestPeersAsync(key));
            Assert.Equal(QueryOutcome.Success, result.Outcome);
            Assert.Equal(QueryTermination.Completed, result.Termination);
            exact += result.Peers.Select(peer => peer.Id).SequenceEqual(network.TrueClosest(KadId.Of(key), 20, node.Id)) ? 1 : 0;
        }

        Assert.InRange(exact, 49, 50);
    }

    [Fact]
    public void Hops_grow_with_the_logarithm_of_the_network()
    {
        var hundred = MeanHops(100);
        var thousand = MeanHops(1000);
        var tenThousand = MeanHops(10_000);

        TestContext.Current.SendDiagnosticMessage(
            "mean hops: {0:0.00} of 100 peers, {1:0.00} of 1,000, {2:0.00} of 10,000",
            hundred,
            thousand,
            tenThousand
        );

        // One hop settles at least one bit, so ten times the peers cost at most log2(10) hops more, however large the network;
        // they do cost something.
        Assert.InRange(thousand - hundred, 0.1, Math.Log2(10));
        Assert.InRange(tenThousand - thousand, 0.1, Math.Log2(10));
        Assert.InRange(tenThousand, 1, Math.Log2(10_000) / 2);
    }

    [Fact]
    public void No_more_than_alpha_peers_are_dialed_or_asked_at_a_time()
    {
        var network = new SimulatedNetwork(_time, 500);
        var node = network.CreateNode(3, new DhtOptions { Lookup = new LookupParameters(Alpha: 4) });
        var recorder = new QueryRecorder();
        _time.Run(() => node.GetClosestPeersAsync(Key(1), new QueryOptions { Observers = [recorder] }));

        var ends = new List<(DateTimeOffset Time, int Change)>();
        foreach (var peer in recorder.Trace.Peers)
        {
            ends.AddRange(
                peer.Dials.Where(dial => !dial.Reused).SelectMany(dial => new[] { (dial.StartedAt, 1), (dial.EndedAt!.Value, -1) })
            );
            ends.AddRange(peer.Requests.SelectMany(request => new[] { (request.StartedAt, 1), (request.EndedAt!.Value, -1) }));
        }

        var now = 0;
        var most = 0;
        foreach (var (_, change) in ends.OrderBy(end => end.Time).ThenBy(end => end.Change))
        {
            now += change;
            most = Math.Max(most, now);
        }

        Assert.Equal(4, most);
        Assert.Equal(0, now);
    }

    [Fact]
    public void The_beta_closest_have_answered_when_a_lookup_is_completed()
    {
        var network = new SimulatedNetwork(_time, 800);
        foreach (var peer in network.Peers.Where(peer => peer.Index % 5 == 0))
        {
            peer.Fault = Fault.Refuses;
        }

        var node = network.CreateNode(1);
        var recorder = new QueryRecorder();
        var key = Key(9);
        var result = _time.Run(() => node.GetClosestPeersAsync(key, new QueryOptions { Observers = [recorder] }));

        Assert.Equal(QueryTermination.Completed, result.Termination);
        var terminatedAt = recorder.Trace.Terminated!.Value.Time;
        var target = KadId.Of(key);
        var closest = recorder
            .Trace.Peers.Where(peer => peer.HeardAt <= terminatedAt && peer.State != PeerState.DialFailed)
            .OrderBy(peer => KadId.Of(PeerId.Parse(peer.Id)), Comparer<KadId>.Create(target.CompareDistance))
            .Take(3);
        Assert.All(
            closest,
            peer => Assert.Contains(peer.Requests, request => request.Outcome == RequestOutcome.Answered && request.EndedAt <= terminatedAt)
        );

        // And the result is what is alive, exactly.
        Assert.Equal(network.TrueClosest(target, 20, node.Id, peer => peer.Fault == Fault.None), result.Peers.Select(peer => peer.Id));
    }

    [Fact]
    public void Only_requests_after_the_end_of_the_lookup_are_follow_ups()
    {
        var network = new SimulatedNetwork(_time, 300);
        var recorder = new QueryRecorder();
        _time.Run(() => network.CreateNode(0).GetClosestPeersAsync(Key(3), new QueryOptions { Observers = [recorder] }));
        var terminatedAt = recorder.Trace.Terminated!.Value.Time;
        var asked = recorder.Trace.Peers.Where(peer => peer.Requests.Count > 0).ToList();
        var followedUp = asked.Where(peer => peer.Requests[0].FollowUp).ToList();
        Assert.NotEmpty(followedUp);
        Assert.All(followedUp, peer => Assert.True(peer.Dials[0].StartedAt >= terminatedAt));
        Assert.All(asked.Except(followedUp), peer => Assert.True(peer.Dials[0].StartedAt <= terminatedAt));
        Assert.All(asked, peer => Assert.Single(peer.Requests));
    }

    [Fact]
    public void A_lookup_whose_every_peer_is_dead_starves_and_says_so()
    {
        var network = new SimulatedNetwork(_time, 10);
        foreach (var peer in network.Peers)
        {
            peer.Fault = Fault.Refuses;
        }

        var node = network.CreateNode(null, network.Peers);
        var result = _time.Run(() => node.GetClosestPeersAsync(Key(1)));
        Assert.Equal(QueryOutcome.Failed, result.Outcome);
        Assert.Equal(QueryTermination.Starvation, result.Termination);
        Assert.Equal(ErrorClass.DialRefused, result.Error!.Class);
        Assert.Equal(0, node.RoutingTable.Count);
    }

    [Fact]
    public void An_empty_routing_table_is_an_error_with_a_remedy()
    {
        var node = new SimulatedNetwork(_time, 2).CreateNode(null);
        var result = _time.Run(() => node.GetClosestPeersAsync(Key(1)));
        Assert.Equal(QueryOutcome.Failed, result.Outcome);
        Assert.Equal(ErrorClass.NoPeers, result.Error!.Class);
        Assert.Contains("bootstrap", result.Error.Text, StringComparison.Ordinal);
        Assert.Null(result.Termination);
    }

    [Fact]
    public void A_query_ends_at_its_deadline_and_takes_back_what_is_under_way()
    {
        var network = new SimulatedNetwork(_time, 100);
        foreach (var peer in network.Peers)
        {
            peer.Fault = Fault.BlackHole;
        }

        var recorder = new QueryRecorder();
        var result = _time.Run(() =>
            network
                .CreateNode(0)
                .GetClosestPeersAsync(Key(1), new QueryOptions { Timeout = TimeSpan.FromSeconds(3), Observers = [recorder] })
        );
        Assert.Equal(QueryOutcome.TimedOut, result.Outcome);
        Assert.Equal(QueryTermination.Cancelled, result.Termination);
        Assert.Equal(TimeSpan.FromSeconds(3), result.Duration);
        Assert.Equal(10, recorder.Trace.Peers.Count(peer => peer.State == PeerState.Cancelled));
        Assert.All(
            recorder.Trace.Peers.SelectMany(peer => peer.Requests),
            request => Assert.Equal(RequestOutcome.Cancelled, request.Outcome)
        );
    }

    [Fact]
    public void A_cancelled_query_says_cancelled()
    {
        var network = new SimulatedNetwork(_time, 100);
        var result = _time.Run(async () =>
        {
            using var caller = new CancellationTokenSource(TimeSpan.FromMilliseconds(15), _time);
            return await network.CreateNode(0).GetClosestPeersAsync(Key(1), cancellationToken: caller.Token);
        });
        Assert.Equal(QueryOutcome.Cancelled, result.Outcome);
        Assert.Equal(ErrorClass.Cancelled, result.Error!.Class);
        Assert.Equal(TimeSpan.FromMilliseconds(15), result.Duration);
    }

    internal static byte[] Key(int number) => [(byte)'k', (byte)number, (byte)(number >> 8)];

    private double MeanHops(int peers)
    {
        var network = new SimulatedNetwork(_time, peers, seed: peers);
        var hops = new List<int>();
        for (var i = 0; i < 40; i++)
        {
            var recorder = new QueryRecorder();
            var key = Key(i);
            var result = _time.Run(() => network.CreateNode(i).GetClosestPeersAsync(key, new QueryOptions { Observers = [recorder] }));
            var closest = result.Peers[0].Id.ToString();
            hops.Add(recorder.Trace.Peers.Single(peer => peer.Id == closest).Hops);
        }

        return hops.Average();
    }
}
