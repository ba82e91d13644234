using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Operations;

public class GoOperationsTests
{
    private const string Asked = "12D3KooWPUb1Sxz79Zzd8iVPeVSsJ2Xa1mFPqZSyVwdVFtemSpG8";
    private const string Other = "12D3KooWDPWAJZ9AHyie9Gc7zdsAe1xL9zpqtUgzP19VxUZ5Qvny";
    private const string PublicAnswer = "{" + Other + ": [/ip4/11.1.0.1/tcp/4001]}";
    private const string PrivateAnswer = "{" + Other + ": [/ip4/192.168.7.9/tcp/4001]}";

    [Fact]
    public void A_command_is_one_operation_with_a_query_on_each_side()
    {
        var tree = new SpanTree();
        var command = tree.Command("/api/v0/routing/findpeer", 1000);
        var parallel = tree.Event(
            tree.Add("ComposableParallel.FindPeer", command.SpanId, 0, 900, ("key", SpanTree.Peer)),
            890,
            "found peer",
            SpanTree.Peer
        );
        var dual = tree.Add("Dual.FindPeer", parallel.SpanId, 10, 880, ("key", SpanTree.Peer));
        var lan = tree.Fail(tree.Add("IpfsDHT.FindPeer", dual.SpanId, 20, 25, ("key", SpanTree.Peer)), "failed to find any peer in table");
        tree.EmptyLookup(lan);
        var wan = tree.Event(tree.Add("IpfsDHT.FindPeer", dual.SpanId, 30, 870, ("key", SpanTree.Peer)), 860, "found peer", SpanTree.Peer);
        _ = tree.Lookup(wan, Asked, PublicAnswer);

        var trace = tree.Reconstruct();

        var operation = Assert.Single(trace.Operations);
        Assert.Equal(
            (parallel.SpanId, QueryType.FindPeer, QueryOutcome.Success, 1, 900_000),
            (operation.Id.SpanId, operation.Type, operation.Outcome, operation.Results, operation.DurationNs)
        );
        Assert.Equal(SpanTree.Peer, operation.Key!.Text);
        Assert.False(operation.Background);
        Assert.Equal(
            [(lan.SpanId, DhtSide.Lan, true), (wan.SpanId, DhtSide.Wan, false)],
            operation.Queries.Select(query => (query.Id.SpanId, query.Side!.Value, query.Skipped))
        );
        Assert.Equal(wan.SpanId, operation.Decisive!.Value.SpanId);
        Assert.Equal([new OperationContext(command.SpanId, "POST /api/v0/", "/api/v0/routing/findpeer")], operation.Context);
        Assert.Equal(command.SpanId, operation.Command);
        Assert.All(trace.Queries, query => Assert.Equal(operation.Id, query.OperationId));
    }

    [Fact]
    public void A_peer_that_the_node_already_knows_is_found_without_asking_anybody()
    {
        var tree = new SpanTree();
        var dual = tree.Event(
            tree.Add("Dual.FindPeer", tree.Command("/api/v0/routing/findpeer", 100).SpanId, 0, 90, ("key", SpanTree.Peer)),
            80,
            "found peer",
            SpanTree.Peer
        );
        foreach (var at in (long[])[10, 20])
        {
            var side = tree.Event(
                tree.Add("IpfsDHT.FindPeer", dual.SpanId, at, at + 5, ("key", SpanTree.Peer)),
                at + 4,
                "found peer",
                SpanTree.Peer
            );
            _ = tree.Add("KademliaDHT.IpfsDHT.FindLocal", side.SpanId, at + 1, at + 2);
        }

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal((QueryOutcome.Success, 1), (operation.Outcome, operation.Results));
        Assert.All(operation.Queries, query => Assert.True(query.Skipped));
    }

    [Fact]
    public void A_command_can_ask_for_several_operations_which_share_its_span()
    {
        var tree = new SpanTree();
        var command = tree.Command("/api/v0/name/publish", 2000);
        var publish = tree.Add("CoreAPI.NameAPI.Publish", command.SpanId, 0, 1900, ("path", "/ipfs/" + SpanTree.Cid));
        foreach (var (name, at) in ((string, long)[])[("GetValue", 10), ("PutValue", 1000)])
        {
            var parallel = tree.Add(
                "ComposableParallel." + name,
                publish.SpanId,
                at,
                at + 800,
                ("key", "uL2lwbnMvACQIARIgre8tTer92s8oEXupeEdhZ9skX9MlaUBMYeQNdJOuT1I")
            );
            _ = tree.Lookup(
                tree.Add(
                    "IpfsDHT." + name,
                    parallel.SpanId,
                    at + 10,
                    at + 700,
                    ("key", "uL2lwbnMvACQIARIgre8tTer92s8oEXupeEdhZ9skX9MlaUBMYeQNdJOuT1I")
                ),
                Asked,
                PublicAnswer
            );
        }

        var operations = tree.Reconstruct().Operations;

        Assert.Equal([QueryType.GetValue, QueryType.PutValue], operations.Select(operation => operation.Type));
        Assert.All(operations, operation => Assert.Equal(command.SpanId, operation.Command));
        Assert.All(operations, operation => Assert.Equal("/ipfs/" + SpanTree.Cid, operation.Context[1].Detail));
    }

    [Fact]
    public void A_lookup_below_a_request_is_an_operation_of_its_own()
    {
        var tree = new SpanTree();
        var find = tree.Add(
            "FullRT.FindProvidersAsync",
            tree.Command("/api/v0/routing/findprovs", 1000).SpanId,
            0,
            900,
            ("key", SpanTree.Cid)
        );
        var request = tree.Add("KademliaDHT.ProtocolMessenger.GetProviders", find.SpanId, 10, 800, ("to", Asked), ("key", SpanTree.CidHex));
        var dual = tree.Add("Dual.FindPeer", request.SpanId, 20, 700, ("key", Asked));
        _ = tree.Lookup(tree.Add("IpfsDHT.FindPeer", dual.SpanId, 30, 600, ("key", Asked)), Other, PublicAnswer);

        var trace = tree.Reconstruct();

        Assert.Equal(
            [(QueryType.GetProviders, null), (QueryType.FindPeer, (BackgroundKind?)BackgroundKind.PeerAddress)],
            trace.Operations.Select(operation => (operation.Type, operation.BackgroundKind))
        );
        Assert.Equal(dual.SpanId, trace.Operations[1].Id.SpanId);
        Assert.Equal([Asked], trace.Queries[0].Peers.Select(peer => peer.Id));
        Assert.True(trace.Queries[1].Background);
    }

    [Theory]
    [InlineData(1000, 1)]
    [InlineData(1001, 2)]
    public void Siblings_without_a_span_above_are_sides_of_one_operation_when_they_start_within_a_millisecond(long laterUs, int operations)
    {
        var tree = new SpanTree();
        _ = tree.Lookup(tree.Add("IpfsDHT.FindPeer", SpanTree.Missing, 0, 5000, ("key", SpanTree.Peer)), Asked, PrivateAnswer);
        _ = tree.Lookup(tree.Add("IpfsDHT.FindPeer", SpanTree.Missing, laterUs, 6000, ("key", SpanTree.Peer)), Other, PublicAnswer);

        var found = tree.Reconstruct().Operations;

        Assert.Equal(operations, found.Length);
        if (operations == 1)
        {
            Assert.Equal(SpanTree.Missing, found[0].Id.SpanId);
            Assert.Equal([DhtSide.Lan, DhtSide.Wan], found[0].Queries.Select(query => query.Side!.Value));
        }
    }

    [Fact]
    public void Siblings_of_different_keys_are_operations_of_their_own()
    {
        var tree = new SpanTree();
        foreach (var peer in (string[])[SpanTree.Peer, Other])
        {
            _ = tree.Lookup(tree.Add("IpfsDHT.FindPeer", SpanTree.Missing, 0, 5000, ("key", peer)), Asked, PrivateAnswer, key: peer);
        }

        Assert.Equal(2, tree.Reconstruct().Operations.Length);
    }

    [Fact]
    public void Provides_of_a_trace_whose_root_never_comes_are_the_users_and_apart()
    {
        var tree = new SpanTree();
        foreach (var at in (long[])[0, 60_000_000])
        {
            var dual = tree.Add("Dual.Provide", SpanTree.Missing, at, at + 1000, ("key", SpanTree.Cid), ("announce", true));
            _ = tree.Lookup(
                tree.Add("IpfsDHT.Provide", dual.SpanId, at + 1, at + 900, ("key", SpanTree.Cid), ("announce", true)),
                Asked,
                PublicAnswer
            );
        }

        var operations = tree.Reconstruct().Operations;

        Assert.Equal([QueryType.AddProvider, QueryType.AddProvider], operations.Select(operation => operation.Type));
        Assert.All(operations, operation => Assert.False(operation.Background));
        Assert.All(operations, operation => Assert.Equal(DhtSide.Wan, Assert.Single(operation.Queries).Side));
    }

    [Fact]
    public void A_provide_of_many_keys_is_one_operation_without_a_key()
    {
        var tree = new SpanTree("app");
        var many = tree.Add(
            "ComposableParallel.ProvideMany",
            default,
            0,
            9000,
            ("keys", new ArrayValue([new StringValue("uEiB0"), new StringValue("uEiB1"), new StringValue("uEiB2")]))
        );
        foreach (
            var (cid, at) in ((string, long)[])[(SpanTree.Cid, 10), ("bafkreih457klugrzai3wwf5bhtxkvi3gpqo2vjmljdcc33ya5dxvveu3je", 3000)]
        )
        {
            _ = tree.Lookup(tree.Add("IpfsDHT.Provide", many.SpanId, at, at + 2000, ("key", cid), ("announce", true)), Asked, PublicAnswer);
        }

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal((QueryType.AddProvider, null, 3, 2), (operation.Type, operation.Key, operation.KeyCount, operation.Queries.Length));
        Assert.False(operation.Background);
    }

    [Theory]
    [InlineData("context canceled", QueryOutcome.Cancelled)]
    [InlineData("context deadline exceeded", QueryOutcome.TimedOut)]
    [InlineData("routing: not found\nfailed to find any peer in table", QueryOutcome.NotFound)]
    [InlineData("something else", QueryOutcome.Failed)]
    public void The_operations_own_span_tells_how_it_ended(string error, QueryOutcome outcome)
    {
        var tree = new SpanTree();
        var dual = tree.Fail(
            tree.Add("Dual.FindPeer", tree.Command("/api/v0/routing/findpeer", 1000).SpanId, 0, 900, ("key", SpanTree.Peer)),
            error
        );
        _ = tree.Lookup(
            tree.Fail(tree.Add("IpfsDHT.FindPeer", dual.SpanId, 10, 880, ("key", SpanTree.Peer)), "routing: not found"),
            Asked,
            PublicAnswer
        );

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal((outcome, 0, null), (operation.Outcome, operation.Results, operation.DiscoveryNs));
        Assert.Equal(error, operation.Error!.Text);
    }

    [Fact]
    public void Results_are_what_the_caller_got_also_from_a_router()
    {
        var tree = new SpanTree();
        var parallel = tree.Add(
            "ComposableParallel.FindProvidersAsync",
            tree.Command("/api/v0/routing/findprovs", 1000).SpanId,
            0,
            900,
            ("key", SpanTree.Cid)
        );
        parallel = tree.Event(tree.Event(parallel, 50, "found provider", Asked), 60, "found provider", Asked);
        var worker = tree.Add("Compose.worker", parallel.SpanId, 5, 400, ("type", "*routing.httpRoutingWrapper"));
        var router = tree.Fail(tree.Add("DelegatedHTTPClient.FindProviders", worker.SpanId, 10, 300), "");
        _ = tree.Lookup(
            tree.Add("IpfsDHT.FindProvidersAsync", parallel.SpanId, 5, 800, ("key", SpanTree.Cid)),
            Other,
            PublicAnswer,
            "GetProviders",
            SpanTree.CidHex
        );

        var operation = Assert.Single(tree.Reconstruct().Operations);

        Assert.Equal((QueryOutcome.Success, 1, 50_000), (operation.Outcome, operation.Results, operation.DiscoveryNs));
        Assert.Equal(
            (router.SpanId, 10_000L, 290_000L),
            Assert.Single(operation.Routers) is var only ? (only.SpanId, only.StartNs, only.DurationNs!.Value) : default
        );
    }

    [Fact]
    public void A_trace_that_never_ends_gives_an_operation_for_each_of_its_provides()
    {
        var tree = new SpanTree();
        const int provides = 8000;
        for (var i = 0; i < provides; i++)
        {
            var at = i * 10_000L;
            var dual = tree.Add("Dual.Provide", SpanTree.Missing, at, at + 1000, ("key", SpanTree.Cid), ("announce", true));
            _ = tree.Lookup(
                tree.Add("IpfsDHT.Provide", dual.SpanId, at + 1, at + 900, ("key", SpanTree.Cid), ("announce", true)),
                Asked,
                PublicAnswer
            );
        }

        // Time that grew with the square of its 80,000 spans would not come to an end.
        Assert.Equal(provides, tree.Reconstruct().Operations.Length);
    }
}
