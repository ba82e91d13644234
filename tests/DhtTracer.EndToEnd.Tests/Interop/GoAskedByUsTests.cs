using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>
/// Every operation of our node among real Go nodes: what its spans say, request by request, is what the servers read off their streams and
/// answered.
/// </summary>
[Collection(nameof(GoNetworkCollection))]
public sealed class GoAskedByUsTests(GoNetwork network)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool IsMissing(GoNetwork network) => network.Bed is null;

    private GoTestBed Bed => network.Bed!;

    private DhtNode Dht => network.Asker.Dht;

    private string Us => Dht.Id.ToString();

    [Fact]
    public void All_bootstrap_peers_answer_and_no_ping_of_kad_dht_is_sent()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        Assert.Equal(3, network.BootstrapAnswers);
        Assert.True(Dht.RoutingTable.Count >= 20, $"{Dht.RoutingTable.Count} peers are known");
        Assert.DoesNotContain(Bed.ReadLog(), message => message.From == Us && message.Type == "PING");
    }

    [Fact]
    public async Task Find_peer_shows_what_the_servers_saw()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        foreach (
            var wanted in network.Alive.Where(node => !Dht.RoutingTable.Contains(node.Peer.Id)).Take(3).DefaultIfEmpty(network.Alive.Last())
        )
        {
            var result = await Dht.FindPeerAsync(wanted.Peer.Id, cancellationToken: Token);
            Assert.Equal(QueryOutcome.Success, result.Outcome);
            Assert.Equal(wanted.Peer.Addresses, Assert.Single(result.Peers).Addresses);
            await AssertSameAsync(result);
        }

        var nobody = await Dht.FindPeerAsync(Identity.Create().PeerId, cancellationToken: Token);
        Assert.Equal(QueryOutcome.NotFound, nobody.Outcome);
        await AssertSameAsync(nobody);
    }

    [Fact]
    public async Task Get_closest_peers_finds_the_living_and_shows_what_the_servers_saw()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var key = "/v/closest"u8.ToArray();
        var result = await Dht.GetClosestPeersAsync(key, cancellationToken: Token);
        var target = KadId.Of(key);

        // Our serving node is a peer of this network too; Go nodes with full buckets do not name it.
        var found = result.Peers.Select(peer => peer.Id).Where(id => id != network.Server.Dht.Id).ToList();
        AssertManyOf20(result);

        // The 20 that answers name hold the faulty too: who is beyond these 20, nobody may name.
        var certain = Bed
            .Nodes.OrderBy(node => KadId.Of(node.Peer.Id), Comparer<KadId>.Create(target.CompareDistance))
            .Take(20)
            .Where(node => node.Kind == "alive")
            .ToList();
        Assert.Equal(certain.Select(node => node.Peer.Id), found.Take(certain.Count));
        await AssertSameAsync(result);
    }

    [Fact]
    public async Task Get_providers_shows_what_the_servers_saw()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var result = await Dht.GetProvidersAsync(network.Theirs.ProvidedByGo, cancellationToken: Token);
        Assert.Equal(network.Theirs.Providers.Select(node => node.Id).Order(), result.Peers.Select(peer => peer.Id.ToString()).Order());
        var shown = await AssertSameAsync(result);
        Assert.Equal(2, shown.Counts.Results);

        var nothing = await Dht.GetProvidersAsync(Content("of nobody"), cancellationToken: Token);
        Assert.Equal(QueryOutcome.NotFound, nothing.Outcome);
        await AssertSameAsync(nothing);
    }

    [Fact]
    public async Task Add_provider_shows_what_the_servers_saw_and_go_finds_us_with_our_address()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var content = Content("of ours");
        var result = await Dht.AddProviderAsync(content, cancellationToken: Token);
        AssertManyOf20(result);
        await AssertSameAsync(result);
        Assert.Equal(
            result.Peers.Select(peer => peer.Id.ToString()).Where(id => Bed.Nodes.Any(node => node.Id == id)).Order(),
            Bed.ReadLog()
                .Where(message => message.From == Us && message.Type == "ADD_PROVIDER" && message.ReqProviders.SequenceEqual([Us]))
                .Select(message => message.Server)
                .Order()
        );

        var asked = await network.AsGoAsync(() => Bed.AskAsync(Bed.Nodes[2], "findprovs", ("cid", content.ToString())));
        var found = asked.EnumerateArray().Single();
        Assert.Equal(Us, found.GetProperty("ID").GetString());
        Assert.Contains(
            network.Asker.Node.Host.ListenAddresses[0].ToString(),
            found.GetProperty("Addrs").EnumerateArray().Select(address => address.GetString())
        );
    }

    [Fact]
    public async Task Put_value_shows_what_the_servers_saw_and_go_gets_it()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var result = await Dht.PutValueAsync("/v/of ours"u8.ToArray(), "seq:1:hello"u8.ToArray(), cancellationToken: Token);
        AssertManyOf20(result);
        await AssertSameAsync(result);
        Assert.All(
            Bed.ReadLog()
                .Where(message =>
                    message.From == Us && message.Type == "PUT_VALUE" && message.Key == Convert.ToHexStringLower("/v/of ours"u8)
                ),
            message => Assert.Equal(Convert.ToHexStringLower("seq:1:hello"u8), message.ReqRecord)
        );
        var got = await network.AsGoAsync(() => Bed.AskAsync(Bed.Nodes[3], "get", ("key", "/v/of ours")));
        Assert.Equal("seq:1:hello", got.GetProperty("text").GetString());

        // Our own record of an IPNS name, which the Go nodes check.
        var options = network.Asker.Node.Host.Options;
        var now = options.Time.GetUtcNow();
        var record = IpnsRecord.Create(options.Identity, "/ipfs/bafkqaaa", 1, now.AddHours(1), TimeSpan.FromMinutes(1));
        var published = await Dht.PutValueAsync(RecordKey.ForIpns(Dht.Id), record, cancellationToken: Token);
        AssertManyOf20(published);
        await AssertSameAsync(published);
    }

    [Fact]
    public async Task Get_value_shows_what_the_servers_saw()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var result = await Dht.GetValueAsync(Encoding.ASCII.GetBytes(network.Theirs.PutByGo), cancellationToken: Token);
        Assert.Equal("seq:1:from go", Encoding.ASCII.GetString(result.Value!.Value.Span));
        await AssertSameAsync(result);

        var nothing = await Dht.GetValueAsync("/v/of nobody"u8.ToArray(), cancellationToken: Token);
        Assert.Equal(QueryOutcome.NotFound, nothing.Outcome);
        await AssertSameAsync(nothing);
    }

    [Fact]
    public async Task Ping_is_answered_by_the_living_and_not_by_the_dead()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        foreach (
            var (kind, state) in new[]
            {
                ("alive", PeerState.Answered),
                ("dead", PeerState.DialFailed),
                ("blackhole", PeerState.DialFailed),
            }
        )
        {
            var result = await Dht.PingAsync(network.OfKind(kind).Peer, cancellationToken: Token);
            Assert.Equal(state == PeerState.Answered, result.Outcome == QueryOutcome.Success);
            Assert.Equal(state, Assert.Single(network.Shown(result.Span!.Value).Peers).State);
        }
    }

    private static Cid Content(string name) => Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes(name)));

    // Answers name faulty peers among their 20, so that a lookup may not hear of 20 that live.
    private static void AssertManyOf20(QueryResult result)
    {
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        Assert.InRange(result.Results, 15, 20);
    }

    private async Task<Query> AssertSameAsync(QueryResult result)
    {
        var shown = network.Shown(result.Span!.Value);
        await GoComparison.AssertSameAsync(Bed, shown, Us, Token);
        return shown;
    }
}
