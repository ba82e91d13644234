using System.Numerics;
using System.Security.Cryptography;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain;

public class PathTreeTests
{
    [Fact]
    public void Parents_are_referrers_depth_is_hops_and_angles_are_hashes()
    {
        var network = new SimulatedNetwork(seed: 6, size: 100);
        var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 3));

        var tree = PathTree.Of(query);

        Assert.Equal(query.Peers.Length, tree.Nodes.Length);
        for (var i = 0; i < tree.Nodes.Length; i++)
        {
            var node = tree.Nodes[i];
            Assert.Equal(query.Peers[i].Referrer, node.Parent is { } parent ? tree.Nodes[parent].PeerId : null);
            Assert.Equal(query.Peers[i].Hops, node.Depth);
            var hash = new BigInteger(SHA256.HashData(PeerId.Parse(node.PeerId).Bytes), isUnsigned: true, isBigEndian: true);
            Assert.Equal((double)(hash >> 192) / Math.Pow(2, 64), node.Angle!.Value, 12);
            Assert.Equal(query.Peers.Count(p => p.Referrer == node.PeerId), node.Named);
        }

        Assert.Equal(CriticalPath.Of(query)!.Peers.Order(), tree.Nodes.Where(n => n.OnCriticalPath).Select(n => n.PeerId).Order());
        Assert.InRange(tree.TargetAngle!.Value, 0, 1);
    }

    [Fact]
    public void Peers_that_named_each_other_do_not_make_a_circle()
    {
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 10), referrer: "B")
            .Answered("B", 250, heard: 0, dial: null, request: (0, 10), referrer: "A")
            .End(10, null);
        var tree = PathTree.Of(query);
        Assert.Equal([1, null], tree.Nodes.Select(n => n.Parent));
        Assert.Equal([1, 0], tree.Nodes.Select(n => n.Depth));
        Assert.Null(tree.Nodes[0].Angle);
    }
}
