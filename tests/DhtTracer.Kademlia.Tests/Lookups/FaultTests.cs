using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tracing;

namespace DhtTracer.Kademlia.Tests.Lookups;

/// <summary>Every fault that a peer can have, in one query, in virtual time: each ends in the state and error class that name it.</summary>
public sealed class FaultTests
{
    public static TheoryData<Fault, PeerState, string?> Faults =>
        new()
        {
            { Fault.None, PeerState.Answered, null },
            { Fault.Refuses, PeerState.DialFailed, ErrorClass.DialRefused },
            { Fault.NeverConnects, PeerState.DialFailed, ErrorClass.DialTimeout },
            { Fault.BlackHole, PeerState.RequestFailed, ErrorClass.RequestTimeout },
            { Fault.Resets, PeerState.RequestFailed, ErrorClass.Reset },
            { Fault.RefusesProtocol, PeerState.RequestFailed, ErrorClass.ProtocolNotSupported },
            { Fault.AnswersNonsense, PeerState.RequestFailed, ErrorClass.BadAnswer },
            { Fault.NamesDeadPeers, PeerState.Answered, null },
            { Fault.NamesPeersTwice, PeerState.Answered, null },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_faulty_peer_ends_in_the_state_that_names_its_fault(Fault fault, PeerState state, string? errorClass)
    {
        var time = new VirtualTime();
        var network = new SimulatedNetwork(time, 60);
        foreach (var peer in network.Peers.Where(peer => peer.Index % 4 == 0))
        {
            peer.Fault = fault;
        }

        var recorder = new QueryRecorder();
        var result = time.Run(() =>
            network.CreateNode(1).GetClosestPeersAsync(LookupTests.Key(5), new QueryOptions { Observers = [recorder] })
        );

        Assert.True(result.Duration < TimeSpan.FromSeconds(60), $"took {result.Duration}");
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        var faulty = recorder
            .Trace.Peers.Where(peer => peer.Order is not null && network.Peers.Any(p => p.Index % 4 == 0 && p.Id.ToString() == peer.Id))
            .ToList();

        // What the query had withdrawn before the fault could show is no evidence either way.
        var settled = faulty.Where(peer => peer.State != PeerState.Cancelled).ToList();
        Assert.NotEmpty(settled);
        Assert.All(settled, peer => Assert.Equal(state, peer.State));
        Assert.All(settled, peer => Assert.Equal(errorClass, peer.Dials[^1].Error?.Class ?? peer.Requests[^1].Error?.Class));
    }

    [Fact]
    public void A_query_among_all_faults_at_once_finishes_and_every_row_has_a_final_state()
    {
        var time = new VirtualTime();
        var network = new SimulatedNetwork(time, 400, seed: 3);
        var faults = Enum.GetValues<Fault>();
        foreach (var peer in network.Peers)
        {
            peer.Fault = peer.Index % 2 == 0 ? Fault.None : faults[peer.Index / 2 % faults.Length];
        }

        for (var i = 0; i < 20; i++)
        {
            var recorder = new QueryRecorder();
            var result = time.Run(() =>
                network.CreateNode(i * 2).GetClosestPeersAsync(LookupTests.Key(i), new QueryOptions { Observers = [recorder] })
            );
            Assert.True(result.Duration <= TimeSpan.FromSeconds(60), $"took {result.Duration}");
            Assert.NotNull(recorder.Trace.End);
            Assert.DoesNotContain(recorder.Trace.Peers, peer => peer.State is PeerState.Dialing or PeerState.NoAnswer);
            Assert.All(recorder.Trace.Peers.SelectMany(peer => peer.Dials), dial => Assert.NotNull(dial.EndedAt));
            Assert.All(recorder.Trace.Peers.SelectMany(peer => peer.Requests), request => Assert.NotNull(request.EndedAt));
        }
    }

    [Fact]
    public void Peers_named_twice_are_seen_once_and_asked_once()
    {
        var time = new VirtualTime();
        var network = new SimulatedNetwork(time, 60);
        foreach (var peer in network.Peers)
        {
            peer.Fault = Fault.NamesPeersTwice;
        }

        var recorder = new QueryRecorder();
        time.Run(() => network.CreateNode(1).GetClosestPeersAsync(LookupTests.Key(5), new QueryOptions { Observers = [recorder] }));
        Assert.Equal(recorder.Trace.Seen, recorder.Trace.Peers.Select(peer => peer.Id).Distinct().Count());
        Assert.Equal(0, recorder.Trace.Duplicates);
        Assert.Contains(recorder.Trace.Peers, peer => peer.Requests.Any(request => request.CloserPeers.Count == 40));
    }

    [Fact]
    public void A_network_that_throws_shows_as_a_failed_row()
    {
        var time = new VirtualTime();
        var node = new DhtNode(new ThrowingNetwork(), null, time);
        node.RoutingTable.Add(new KadPeer(SimulatedNetwork.RandomPeerId(new Random(1)), []), time.GetUtcNow());
        var result = time.Run(() => node.GetClosestPeersAsync(LookupTests.Key(1)));
        Assert.Equal(QueryOutcome.Failed, result.Outcome);
        Assert.Contains("broken network", result.Error!.Text, StringComparison.Ordinal);
    }

    private sealed class ThrowingNetwork : IDhtNetwork
    {
        public Multiformats.PeerId LocalPeer { get; } = SimulatedNetwork.RandomPeerId(new Random(2));

        public IReadOnlyList<Multiformats.Multiaddr> LocalAddresses => [];

        public IDhtConnection? FindConnection(Multiformats.PeerId peer) => null;

        public Task<DialResult> DialAsync(
            Multiformats.PeerId peer,
            IReadOnlyList<Multiformats.Multiaddr> addresses,
            CancellationToken cancellationToken
        ) => throw new InvalidOperationException("broken network");
    }
}
