using System.Text;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Server;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Server;

/// <summary>What a server answers; the refusals are those measured against js-libp2p, which resets the stream.</summary>
public sealed class KadServerTests
{
    private static readonly byte[] Multihash = Multiformats.Multihash.OfSha256("x"u8).Bytes.ToArray();

    private readonly VirtualTime _time = new();
    private readonly SimulatedPeer _server;
    private readonly PeerId _sender;
    private readonly Multiaddr _address = Multiaddr.Parse("/ip4/127.0.0.1/tcp/9");

    public KadServerTests()
    {
        var network = new SimulatedNetwork(_time, 100);
        _server = network.Prepare(network.Peers[0]);
        _sender = _server.Table!.Peers()[0].Id;
    }

    [Fact]
    public void Find_node_names_the_k_closest_but_never_the_sender()
    {
        var answer = Ask(new KadMessage { Type = MessageType.FindNode, Key = _sender.Bytes.ToArray() })!;
        var expected = _server.Table!.Closest(KadId.Of(_sender), 21).Select(peer => peer.Id).Where(id => id != _sender).Take(20);
        Assert.Equal(expected, answer.CloserPeers.Select(peer => peer.Id));
    }

    [Fact]
    public void Without_validation_a_provider_key_may_be_any_bytes()
    {
        var providers = new ProviderStore(_time, TimeSpan.FromHours(1));
        var values = new ValueStore(RecordValidator.AcceptAll, _time, TimeSpan.FromHours(1));
        var server = new KadServer(_server.Id, () => [_address], _server.Table!, providers, values, anyProviderKey: true);
        var key = "raw key"u8.ToArray();
        server.Answer(
            new KadMessage
            {
                Type = MessageType.AddProvider,
                Key = key,
                ProviderPeers = [new KadPeer(_sender, [_address])],
            },
            _sender
        );
        var answer = server.Answer(
            new KadMessage { Type = MessageType.GetProviders, Key = key },
            SimulatedNetwork.RandomPeerId(new Random(5))
        );
        Assert.Equal(_sender, Assert.Single(answer!.ProviderPeers).Id);
        Assert.Throws<KadRefusedException>(() => Ask(new KadMessage { Type = MessageType.GetProviders, Key = key }));
    }

    [Fact]
    public void Find_node_for_the_server_itself_names_it_first() =>
        Assert.Equal(_server.Id, Ask(new KadMessage { Type = MessageType.FindNode, Key = _server.Id.Bytes.ToArray() })!.CloserPeers[0].Id);

    [Fact]
    public void A_provider_can_announce_itself_with_an_address_and_nobody_else()
    {
        Announce(new KadPeer(SimulatedNetwork.RandomPeerId(new Random(9)), [_address]));
        Announce(new KadPeer(_sender, []));
        Assert.Empty(Providers());
        Announce(new KadPeer(_sender, [_address]));
        Assert.Equal(_sender, Assert.Single(Providers()).Id);
    }

    [Fact]
    public void Provider_records_expire()
    {
        Announce(new KadPeer(_sender, [_address]));
        _time.Run(() => Task.Delay(TimeSpan.FromHours(47), _time));
        Assert.Single(Providers());
        _time.Run(() => Task.Delay(TimeSpan.FromHours(2), _time));
        Assert.Empty(Providers());
        Assert.Equal(1, _server.Providers!.Sweep());
        Assert.Equal(0, _server.Providers.KeyCount);
    }

    [Fact]
    public void A_value_is_stored_repeated_in_the_answer_and_returned_with_its_time()
    {
        var put = Put("/v/a", "1");
        Assert.Same(put, Ask(put));
        var got = Ask(new KadMessage { Type = MessageType.GetValue, Key = put.Key })!;
        Assert.Equal("1", Encoding.UTF8.GetString(got.Record!.Value.Span));
        Assert.Equal("2026-01-01T00:00:00.0000000Z", got.Record.TimeReceived);
        Assert.NotEmpty(got.CloserPeers);
    }

    [Fact]
    public void What_is_refused_says_why()
    {
        Assert.Null(_server.Values!.Put("/v/a"u8, "5"u8));
        Refused(Put("/v/a", "4"), "a better record");
        Refused(Put("/v/a", "bad"), "says that it is bad");
        Refused(Put("/v/a", ""), "empty");
        Refused(Put("/x/a", "1"), "no namespace");
        Refused(Put("/v/a", "1") with { Key = "/v/b"u8.ToArray() }, "no record of its key");
        Refused(Put("/v/a", "1") with { Record = null }, "no record of its key");
        Refused(Put("/v/a", new string('z', ValueStore.MaxValueBytes + 1)), "at most");
        Refused(new KadMessage { Type = MessageType.FindNode }, "no key");
        Refused(new KadMessage { Type = MessageType.GetProviders, Key = "no multihash"u8.ToArray() }, "no multihash");
        Refused(new KadMessage { Type = MessageType.AddProvider, Key = "no multihash"u8.ToArray() }, "no multihash");

        void Refused(KadMessage request, string says) =>
            Assert.Contains(says, Assert.Throws<KadRefusedException>(() => Ask(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ping_is_answered_with_ping() => Assert.Equal(MessageType.Ping, Ask(new KadMessage { Type = MessageType.Ping })!.Type);

    private static KadMessage Put(string key, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        return new KadMessage
        {
            Type = MessageType.PutValue,
            Key = bytes,
            Record = new KadRecord(bytes, Encoding.UTF8.GetBytes(value)),
        };
    }

    private KadMessage? Ask(KadMessage request) => _server.Server!.Answer(request, _sender);

    private void Announce(KadPeer provider) =>
        Assert.Null(
            Ask(
                new KadMessage
                {
                    Type = MessageType.AddProvider,
                    Key = Multihash,
                    ProviderPeers = [provider],
                }
            )
        );

    private IReadOnlyList<KadPeer> Providers() => Ask(new KadMessage { Type = MessageType.GetProviders, Key = Multihash })!.ProviderPeers;
}
