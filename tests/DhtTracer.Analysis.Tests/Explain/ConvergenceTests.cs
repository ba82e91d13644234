using System.Numerics;
using System.Security.Cryptography;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain;

public class ConvergenceTests
{
    [Fact]
    public void Only_steps_that_come_nearer_are_kept()
    {
        var convergence = Convergence.Of(CriticalPathTests.TwoDeadPeers);
        Assert.Equal(
            [(0L, 250, "A"), (400, 245, "B"), (800, 240, "E")],
            convergence.Known.Select(s => (s.TimeNs / 1_000_000, s.Xor, s.PeerId))
        );
        Assert.Equal([(400L, 250, "A"), (800, 245, "B")], convergence.Answered.Select(s => (s.TimeNs / 1_000_000, s.Xor, s.PeerId)));
        Assert.Equal([(0, 250), (1, 240)], convergence.ByHop.Select(h => (h.Hops, h.Xor)));
    }

    [Fact]
    public void Every_moment_of_a_simulated_lookup_has_the_distance_of_its_nearest_peer()
    {
        var network = new SimulatedNetwork(seed: 2, size: 200);
        var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1));
        var known = Convergence.Of(query).Known;
        for (var time = 0L; time <= query.DurationNs; time += query.DurationNs!.Value / 50)
        {
            Assert.Equal(query.Peers.Where(p => p.HeardNs <= time).Min(p => p.Xor), known.Last(s => s.TimeNs <= time).Xor);
        }
    }

    [Fact]
    public void The_nearest_peer_is_nearest_by_the_whole_distance_not_by_its_bit_length()
    {
        var network = new SimulatedNetwork(seed: 2, size: 200);
        var sameBitLength = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed));
            var key = Number(query.Key!.KadId);
            BigInteger Distance(QueryPeer peer) => key ^ Number(Convert.ToHexString(SHA256.HashData(PeerId.Parse(peer.Id).Bytes)));
            var convergence = Convergence.Of(query);

            Assert.All(
                convergence.Known,
                step => Assert.Equal(query.Peers.Where(p => p.HeardNs <= step.TimeNs).MinBy(Distance)!.Id, step.PeerId)
            );
            Assert.All(convergence.ByHop, hop => Assert.Equal(query.Peers.Where(p => p.Hops <= hop.Hops).MinBy(Distance)!.Id, hop.PeerId));
            sameBitLength += convergence.Known.Length - convergence.Known.Select(step => step.Xor).Distinct().Count();
        }

        Assert.InRange(sameBitLength, 1, int.MaxValue);
    }

    private static BigInteger Number(string hex) =>
        BigInteger.Parse("0" + hex, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Unknown_distances_give_no_steps() =>
        Assert.Empty(
            Convergence
                .Of(
                    CriticalPathTests.TwoDeadPeers with
                    {
                        Peers = [.. CriticalPathTests.TwoDeadPeers.Peers.Select(p => p with { Xor = null })],
                    }
                )
                .Known
        );
}
