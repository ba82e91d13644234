using DhtTracer.Node;

namespace DhtTracer.Tests.Node;

public sealed class NodeOptionsTests
{
    private const string Peer = "/p2p/12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT";

    [Fact]
    public void A_node_listens_on_loopback_unless_it_is_told_otherwise() =>
        Assert.Equal("/ip4/127.0.0.1/tcp/0", Assert.Single(new NodeOptions().Listen));

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/0", "/ip4/104.131.131.82/tcp/4001", true)]
    [InlineData("/ip4/0.0.0.0/tcp/0", "/ip4/104.131.131.82/tcp/4001", false)]
    [InlineData("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/4001", false)]
    public void Whoever_joins_others_and_cannot_be_reached_is_told(string listen, string bootstrap, bool told)
    {
        var note = new NodeOptions { Listen = [listen], Bootstrap = [bootstrap + Peer] }.ReachNote;
        Assert.Equal(told, note?.Contains("--listen", StringComparison.Ordinal) ?? false);
    }
}
