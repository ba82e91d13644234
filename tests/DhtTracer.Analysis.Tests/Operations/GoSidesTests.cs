using DhtTracer.Analysis.Dialects.Go;

namespace DhtTracer.Analysis.Tests.Operations;

public class GoSidesTests
{
    private const string Asked = "12D3KooWPUb1Sxz79Zzd8iVPeVSsJ2Xa1mFPqZSyVwdVFtemSpG8";
    private const string Other = "12D3KooWDPWAJZ9AHyie9Gc7zdsAe1xL9zpqtUgzP19VxUZ5Qvny";

    [Theory]
    [InlineData("FindPeer", DhtSide.Lan)]
    [InlineData("FindProvidersAsync", DhtSide.Wan)]
    [InlineData("GetValue", DhtSide.Wan)]
    [InlineData("SearchValue", DhtSide.Wan)]
    public void Where_nothing_else_tells_the_order_does(string method, DhtSide first) =>
        Assert.Equal(
            [first, first == DhtSide.Wan ? DhtSide.Lan : DhtSide.Wan],
            Sides(method, "/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1")
        );

    [Fact]
    public void Addresses_in_the_answers_tell_more_than_the_order() =>
        Assert.Equal([DhtSide.Wan, DhtSide.Lan], Sides("FindPeer", "/ip4/11.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1"));

    [Fact]
    public void One_side_that_is_known_gives_the_other() =>
        Assert.Equal([DhtSide.Lan, DhtSide.Wan], Sides("GetValue", "/ip4/192.168.0.1/tcp/1", "/dns4/example.com/tcp/1"));

    [Fact]
    public void An_error_that_names_the_protocol_tells_more_than_addresses() =>
        Assert.Equal(
            [DhtSide.Wan, DhtSide.Lan],
            Sides("FindPeer", "/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1", "protocols not supported: [/ipfs/lan/kad/1.0.0]")
        );

    [Theory]
    [InlineData("/ip4/10.1.2.3/tcp/1", 1, 0)]
    [InlineData("/ip4/172.16.0.1/tcp/1", 1, 0)]
    [InlineData("/ip4/172.32.0.1/tcp/1", 0, 1)]
    [InlineData("/ip4/192.168.77.100/tcp/1 /ip4/192.169.0.1/udp/1/quic-v1", 1, 1)]
    [InlineData("/ip4/100.64.0.1/tcp/1", 1, 0)]
    [InlineData("/ip4/127.0.0.1/tcp/1", 1, 0)]
    [InlineData("/ip4/169.254.0.1/tcp/1", 1, 0)]
    [InlineData("/ip6/::1/tcp/1", 1, 0)]
    [InlineData("/ip6/fd00::1/tcp/1", 1, 0)]
    [InlineData("/ip6/fe80::1/tcp/1", 1, 0)]
    [InlineData("/ip6/2001:db8::1/tcp/1", 0, 1)]
    [InlineData("/dns4/example.com/tcp/1", 0, 0)]
    [InlineData("/ipfs/Qm /ip4/ /ip4", 0, 1)]
    public void Addresses_are_of_a_local_network_or_of_the_internet(string addresses, int local, int global) =>
        Assert.Equal(new GoAddressScope(local, global), default(GoAddressScope).With($"{{{Other}: [{addresses}]}}"));

    private static IEnumerable<DhtSide?> Sides(string method, string firstAnswer, string secondAnswer, string? secondError = null)
    {
        var tree = new SpanTree();
        var key = method switch
        {
            "FindPeer" => SpanTree.Peer,
            "FindProvidersAsync" => SpanTree.Cid,
            _ => "uL2lwbnMvACQIARIgre8tTer92s8oEXupeEdhZ9skX9MlaUBMYeQNdJOuT1I",
        };
        var dual = tree.Add("Dual." + method, default, 0, 5000, ("key", key));
        _ = tree.Lookup(tree.Add("IpfsDHT." + method, dual.SpanId, 10, 4000, ("key", key)), Asked, $"{{{Other}: [{firstAnswer}]}}");
        var second = tree.Lookup(
            tree.Add("IpfsDHT." + method, dual.SpanId, 20, 4500, ("key", key)),
            Asked,
            $"{{{Other}: [{secondAnswer}]}}"
        );
        if (secondError is not null)
        {
            _ = tree.Fail(second, secondError);
        }

        return Assert.Single(tree.Reconstruct().Operations).Queries.Select(query => query.Side);
    }
}
