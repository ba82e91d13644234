using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Tests.Operations;

public class GoBackgroundTests
{
    private const string Asked = "12D3KooWPUb1Sxz79Zzd8iVPeVSsJ2Xa1mFPqZSyVwdVFtemSpG8";
    private const string Answer = "{12D3KooWDPWAJZ9AHyie9Gc7zdsAe1xL9zpqtUgzP19VxUZ5Qvny: [/ip4/11.1.0.1/tcp/4001]}";

    [Theory]
    [InlineData("Kubo", BackgroundKind.Sweep)]
    [InlineData("my-program", null)]
    public void A_closest_peers_lookup_that_nothing_asked_for_is_a_kubos_sweep(string service, BackgroundKind? kind)
    {
        var tree = new SpanTree(service);
        _ = tree.Lookup(
            tree.Add("KademliaDHT.IpfsDHT.GetClosestPeers", default, 0, 900, ("Key", "zQmZjWVFcJNyvfwLK9Fc6pWBLxrtNNZhJNpj4DnAgALLU5R")),
            Asked,
            Answer
        );

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal((kind is not null, kind), (operation.Background, operation.BackgroundKind));
    }

    [Fact]
    public void The_same_lookup_below_a_command_is_the_users()
    {
        var tree = new SpanTree();
        var lookup = tree.Add(
            "KademliaDHT.IpfsDHT.GetClosestPeers",
            tree.Command("/api/v0/dht/query", 1000).SpanId,
            0,
            900,
            ("Key", "z" + SpanTree.Peer)
        );
        _ = tree.Lookup(lookup, Asked, Answer);

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.False(operation.Background);
        Assert.Equal(DhtSide.Wan, Assert.Single(operation.Queries).Side);
    }

    [Fact]
    public void A_kubo_that_looks_for_a_peer_and_has_nobody_to_ask_checks_its_network()
    {
        var tree = new SpanTree();
        tree.EmptyLookup(tree.Add("KademliaDHT.IpfsDHT.GetClosestPeers", default, 0, 900, ("Key", "z" + SpanTree.Peer)));

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal(BackgroundKind.ConnectivityCheck, operation.BackgroundKind);
        Assert.True(Assert.Single(operation.Queries).Skipped);
    }

    [Theory]
    [InlineData("KademliaDHT.RefreshManager.refreshCpl", BackgroundKind.Refresh)]
    [InlineData("Dual.Bootstrap", BackgroundKind.Bootstrap)]
    [InlineData("Namesys.Republisher.RepublishEntries", BackgroundKind.Republish)]
    public void What_hangs_above_says_why_a_node_did_it(string above, BackgroundKind kind)
    {
        var tree = new SpanTree("my-program");
        _ = tree.Lookup(
            tree.Add(
                "KademliaDHT.IpfsDHT.GetClosestPeers",
                tree.Add(above, default, 0, 1000).SpanId,
                10,
                900,
                ("Key", "z" + SpanTree.Peer)
            ),
            Asked,
            Answer
        );

        var trace = tree.Reconstruct();

        Assert.Equal(kind, Assert.Single(trace.Operations).BackgroundKind);
        Assert.True(Assert.Single(trace.Queries).Background);
    }

    [Theory]
    [InlineData("Kubo", BackgroundKind.Reprovide)]
    [InlineData("my-program", null)]
    public void A_kubo_provides_everything_again_by_itself(string service, BackgroundKind? kind)
    {
        var tree = new SpanTree(service);
        var many = tree.Add("ComposableParallel.ProvideMany", default, 0, 1000);
        _ = tree.Lookup(tree.Add("IpfsDHT.Provide", many.SpanId, 10, 900, ("key", SpanTree.Cid), ("announce", true)), Asked, Answer);

        Assert.Equal(kind, Assert.Single(tree.Reconstruct().Operations).BackgroundKind);
    }

    [Theory]
    [InlineData("Kubo", 0, 1)]
    [InlineData("my-program", 1, 0)]
    public void A_provide_that_announces_nothing_is_a_mark_of_a_kubos_sweep(string service, int operations, int marks)
    {
        var tree = new SpanTree(service);
        var provide = tree.Add("IpfsDHT.Provide", default, 0, 5, ("key", SpanTree.Cid), ("announce", false));
        _ = tree.Add("KademliaDHT.ProviderManager.AddProvider", provide.SpanId, 1, 2);

        var trace = tree.Reconstruct();

        Assert.Equal(operations, trace.Operations.Length);
        Assert.Equal(marks, trace.Marks.Sum(mark => mark.Kind == BackgroundKind.ProvideMark ? mark.Count : 0));
    }

    [Theory]
    [InlineData(Asked, BackgroundKind.Probe)]
    [InlineData(SpanTree.Peer, BackgroundKind.Crawl)]
    public void A_request_that_stands_alone_is_counted_and_no_operation(string key, BackgroundKind kind)
    {
        var tree = new SpanTree();
        _ = tree.Add("KademliaDHT.ProtocolMessenger.GetClosestPeers", default, 0, 5, ("to", Asked), ("key", key));

        var trace = tree.Reconstruct();

        Assert.Empty(trace.Operations);
        Assert.Equal([new BackgroundCount(kind, 1)], trace.Marks);
    }
}
