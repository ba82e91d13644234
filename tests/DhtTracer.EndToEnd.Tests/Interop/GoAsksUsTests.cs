using System.Text;
using System.Text.Json;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>Every operation of real Go nodes with a node of ours that serves: what Go decoded is what our node answered.</summary>
[Collection(nameof(GoNetworkCollection))]
public sealed class GoAsksUsTests(GoNetwork network)
{
    private static bool IsMissing(GoNetwork network) => network.Bed is null;

    private GoTestBed Bed => network.Bed!;

    private PeerId Us => network.Server.Dht.Id;

    private string OurAddress => network.Server.Host.ListenAddresses[0].ToString();

    private GoOperations Theirs => network.Theirs;

    [Fact]
    public void Find_peer_gives_go_our_address()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        Assert.Equal(Us.ToString(), Theirs.FoundPeer.GetProperty("ID").GetString());
        Assert.Contains(OurAddress, Theirs.FoundPeer.GetProperty("Addrs").EnumerateArray().Select(address => address.GetString()));
    }

    [Fact]
    public void Get_closest_peers_of_go_asks_us_and_names_us()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        Assert.Equal(Us.ToString(), Theirs.Closest.EnumerateArray().First().GetString());
        AssertServed(Theirs.Actor(1), MessageType.FindNode, Encoding.ASCII.GetBytes(Theirs.ClosestKey));
    }

    [Fact]
    public void Provide_of_go_leaves_its_record_here_and_its_find_providers_reads_it()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var key = Theirs.ProvidedToUs.Multihash.Bytes.ToArray();
        var provider = Assert.Single(network.Server.Dht.Providers.Get(key));
        Assert.Equal(Theirs.Actor(2).Peer.Id, provider.Id);
        Assert.Equal(Theirs.Actor(2).Peer.Addresses, provider.Addresses);
        Assert.Equal([Theirs.Actor(2).Id], Theirs.FoundProviders.EnumerateArray().Select(peer => peer.GetProperty("ID").GetString()!));
        AssertServed(Theirs.Actor(3), MessageType.GetProviders, key);
    }

    [Fact]
    public void Put_value_of_go_is_stored_here_and_its_get_value_reads_it()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var key = Encoding.ASCII.GetBytes(Theirs.PutToUs);
        Assert.Equal("seq:1:hello"u8.ToArray(), network.Server.Dht.Values.Get(key)!.Value.ToArray());
        Assert.Equal("seq:1:hello", Theirs.Got.GetProperty("text").GetString());
        AssertServed(Theirs.Actor(5), MessageType.GetValue, key);
    }

    [Fact]
    public void Ping_of_go_is_answered()
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        Assert.Contains(
            network.Witness.Served,
            served => served.From == Theirs.Actor(6).Peer.Id && served.Request.Type == MessageType.Ping
        );
    }

    /// <summary>One message of each type, and its answer as Go decodes it.</summary>
    [Theory]
    [InlineData("FIND_NODE")]
    [InlineData("GET_PROVIDERS")]
    [InlineData("GET_VALUE")]
    [InlineData("PUT_VALUE")]
    [InlineData("PING")]
    public async Task Go_decodes_exactly_what_we_answer(string type)
    {
        Assert.SkipWhen(IsMissing(network), GoNetwork.Why);
        var asker = Theirs.Actor(7);
        await Theirs.ConnectAsync(asker);
        var content = network.ContentNear(Us, "decoded " + type);
        var key = type is "GET_VALUE" or "PUT_VALUE" ? Encoding.ASCII.GetBytes("/v/decoded " + type) : content.Multihash.Bytes.ToArray();
        network.Server.Dht.Providers.Add(content.Multihash.Bytes, Theirs.Actor(8).Peer);
        Assert.Null(network.Server.Dht.Values.Put("/v/decoded GET_VALUE"u8, "seq:1:kept"u8));

        (string, string)[] value = type == "PUT_VALUE" ? [("value", "seq:2:put")] : [];
        var decoded = await Bed.AskAsync(
            asker,
            "rawask",
            [("to", Us.ToString()), ("type", type), ("key", "hex:" + Convert.ToHexStringLower(key)), .. value]
        );
        var answer = network
            .Witness.Served.Last(served =>
                served.From == asker.Peer.Id && Words.Of(served.Request.Type) == type && served.Request.Key.Span.SequenceEqual(key)
            )
            .Answer!;
        Assert.Equal("", decoded.GetProperty("err").GetString());
        Assert.Equal(type, decoded.GetProperty("type").GetString());
        Assert.Equal(answer.CloserPeers.Select(peer => peer.Id.ToString()), Ids(decoded, "closer"));
        Assert.Equal(answer.ProviderPeers.Select(peer => peer.Id.ToString()), Ids(decoded, "providers"));
        Assert.Equal(
            type switch
            {
                "GET_VALUE" => "seq:1:kept",
                "PUT_VALUE" => "seq:2:put",
                _ => "",
            },
            decoded.GetProperty("record").GetString()
        );
        Assert.Equal(type is "FIND_NODE" or "GET_PROVIDERS" or "GET_VALUE" ? 20 : 0, answer.CloserPeers.Count);
        Assert.Equal(type == "GET_PROVIDERS" ? [Theirs.Actor(8).Id] : [], Ids(decoded, "providers"));
        Assert.DoesNotContain(asker.Id, Ids(decoded, "closer"));
    }

    private static IEnumerable<string> Ids(JsonElement decoded, string list) =>
        decoded.GetProperty(list).EnumerateArray().Select(id => id.GetString()!);

    private void AssertServed(GoNode by, MessageType type, byte[] key) =>
        Assert.Contains(
            network.Witness.Served,
            served => served.From == by.Peer.Id && served.Request.Type == type && served.Request.Key.Span.SequenceEqual(key)
        );
}
