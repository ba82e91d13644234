using System.Text.Json;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Kademlia.Tests.Messages;

public sealed class KadMessageCodecTests
{
    // Encoded by js-libp2p 3.3.11 (@libp2p/kad-dht) from fixed keys.
    private const string First = "12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT";
    private const string Second = "12D3KooWKx9vGaXwK7knV47e24TXibLGE9KEziqjWfTxQE3dMT5y";
    private const string Third = "12D3KooWLxRV7fSTDSEytHiuY4ikQoArVZJkVevmSkNzSdRoCvRA";
    private const string Multihash = "12202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    public static TheoryData<string, KadMessage> Vectors =>
        new()
        {
            {
                "080412260024080112209693aa4438c5dcf31bbd93845f66b0e0ecb859784c007a621405c437af182128",
                new KadMessage { Type = MessageType.FindNode, Key = PeerId.Parse(Second).Bytes.ToArray() }
            },
            {
                "080442320a26002408011220581cfaf7a8b866f720f930367a4e39553aa3cc3245e957618313d468e25e40341208047f0000"
                    + "01060fa1423f0a260024080112209693aa4438c5dcf31bbd93845f66b0e0ecb859784c007a621405c437af1821281208047f"
                    + "000001060fa1120b040a01020391020fa1cd03",
                new KadMessage
                {
                    Type = MessageType.FindNode,
                    CloserPeers =
                    [
                        Peer(First, "/ip4/127.0.0.1/tcp/4001"),
                        Peer(Second, "/ip4/127.0.0.1/tcp/4001", "/ip4/10.1.2.3/udp/4001/quic-v1"),
                    ],
                }
            },
            {
                "08031222" + Multihash,
                new KadMessage { Type = MessageType.GetProviders, Key = Convert.FromHexString(Multihash) }
            },
            {
                "08021222"
                    + Multihash
                    + "4a320a26002408011220a580f3f2799a7d7b5fa42df45b5f4d3996c03e87cd09c32ccc0b9871fe2014051208047f000001060fa1",
                new KadMessage
                {
                    Type = MessageType.AddProvider,
                    Key = Convert.FromHexString(Multihash),
                    ProviderPeers = [Peer(Third, "/ip4/127.0.0.1/tcp/4001")],
                }
            },
            {
                "080112082f762f68656c6c6f1a310a082f762f68656c6c6f1205776f726c642a1e323032362d30312d30325430333a30343a"
                    + "30352e3637383030303030305a42320a26002408011220581cfaf7a8b866f720f930367a4e39553aa3cc3245e957618313d4"
                    + "68e25e40341208047f000001060fa1",
                new KadMessage
                {
                    Type = MessageType.GetValue,
                    Key = "/v/hello"u8.ToArray(),
                    Record = new KadRecord("/v/hello"u8.ToArray(), "world"u8.ToArray(), "2026-01-02T03:04:05.678000000Z"),
                    CloserPeers = [Peer(First, "/ip4/127.0.0.1/tcp/4001")],
                }
            },
            {
                "12082f762f68656c6c6f1a310a082f762f68656c6c6f1205776f726c642a1e323032362d30312d30325430333a30343a3035"
                    + "2e3637383030303030305a",
                new KadMessage
                {
                    Type = MessageType.PutValue,
                    Key = "/v/hello"u8.ToArray(),
                    Record = new KadRecord("/v/hello"u8.ToArray(), "world"u8.ToArray(), "2026-01-02T03:04:05.678000000Z"),
                }
            },
            {
                "0805",
                new KadMessage { Type = MessageType.Ping }
            },
        };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Messages_are_byte_for_byte_those_of_js_libp2p(string hex, KadMessage message)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(KadMessageCodec.Encode(message)));
        Assert.Equal(Describe(message), Describe(KadMessageCodec.Decode(Convert.FromHexString(hex), KadMessageLimits.Default)));
    }

    [Fact]
    public void Connection_types_are_read_and_the_old_cluster_level_is_passed_over()
    {
        var message = KadMessageCodec.Decode(
            Convert.FromHexString(
                "0804500142340a26002408011220581cfaf7a8b866f720f930367a4e39553aa3cc3245e957618313d468e25e40341208047f"
                    + "000001060fa11801422a0a260024080112209693aa4438c5dcf31bbd93845f66b0e0ecb859784c007a621405c437af182128"
                    + "180342420a26002408011220a580f3f2799a7d7b5fa42df45b5f4d3996c03e87cd09c32ccc0b9871fe201405121629000000"
                    + "00000000000000000000000001060fa1dd031800"
            ),
            KadMessageLimits.Default
        );
        Assert.Equal(
            [KadConnectionType.Connected, KadConnectionType.CannotConnect, KadConnectionType.NotConnected],
            message.CloserPeers.Select(peer => peer.Connection)
        );
        Assert.Empty(message.CloserPeers[1].Addresses);
    }

    [Theory]
    [InlineData("0806", "type 6 is unknown")]
    [InlineData("08ffffffffffffffffff01", "type -1 is unknown")]
    [InlineData("0804120a00", "no protobuf")]
    [InlineData("ffffffffff", "no protobuf")]
    public void What_breaks_the_protocol_is_a_typed_error_that_says_what(string hex, string says)
    {
        var error = Assert.Throws<KadMessageException>(() => KadMessageCodec.Decode(Convert.FromHexString(hex), KadMessageLimits.Default));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_peers_longer_keys_and_larger_messages_than_the_limits_are_refused()
    {
        var limits = new KadMessageLimits
        {
            MaxPeers = 2,
            MaxKeyBytes = 10,
            MaxMessageBytes = 500,
        };
        var peer = Peer(First);
        Refused(new KadMessage { Type = MessageType.FindNode, CloserPeers = [peer, peer, peer] }, "3 peers");
        Refused(new KadMessage { Type = MessageType.FindNode, Key = new byte[11] }, "10 bytes");
        Refused(new KadMessage { Type = MessageType.PutValue, Record = new KadRecord(new byte[5], new byte[600]) }, "500 are accepted");

        void Refused(KadMessage message, string says) =>
            Assert.Contains(
                says,
                Assert.Throws<KadMessageException>(() => KadMessageCodec.Decode(KadMessageCodec.Encode(message), limits)).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_peer_without_a_valid_id_and_an_address_that_is_none_are_left_out()
    {
        // Peer 1: id of two bytes. Peer 2: valid id, one address of one undefined byte, one valid.
        var hex =
            "0804"
            + "4204"
            + "0a020001"
            + "4235"
            + "0a26"
            + Convert.ToHexStringLower(PeerId.Parse(First).Bytes)
            + "1201ff"
            + "1208047f000001060fa1";
        var message = KadMessageCodec.Decode(Convert.FromHexString(hex), KadMessageLimits.Default);
        var peer = Assert.Single(message.CloserPeers);
        Assert.Equal(First, peer.Id.ToString());
        Assert.Equal(["/ip4/127.0.0.1/tcp/4001"], peer.Addresses.Select(address => address.ToString()));
    }

    [Fact]
    public void Any_message_survives_the_way_there_and_back() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<(int Seed, byte Type, byte[] Key, byte[] Value, byte Peers)>(),
                input =>
                {
                    var random = new Random(input.Seed);
                    var message = new KadMessage
                    {
                        Type = (MessageType)(input.Type % 6),
                        Key = input.Key ?? [],
                        Record = input.Value is null ? null : new KadRecord(input.Key ?? [], input.Value),
                        CloserPeers =
                        [
                            .. Enumerable.Range(0, input.Peers % 30).Select(_ => new KadPeer(SimulatedNetwork.RandomPeerId(random), [])),
                        ],
                    };
                    return Describe(KadMessageCodec.Decode(KadMessageCodec.Encode(message), KadMessageLimits.Default)) == Describe(message);
                }
            )
        );

    private static KadPeer Peer(string id, params string[] addresses) => new(PeerId.Parse(id), [.. addresses.Select(Multiaddr.Parse)]);

    private static string Describe(KadMessage message) =>
        JsonSerializer.Serialize(
            new
            {
                message.Type,
                Key = Convert.ToHexString(message.Key.Span),
                Record = message.Record is { } record
                    ? $"{Convert.ToHexString(record.Key.Span)} {Convert.ToHexString(record.Value.Span)} {record.TimeReceived}"
                    : null,
                Closer = message.CloserPeers.Select(peer => $"{peer.Id} {string.Join(' ', peer.Addresses)} {peer.Connection}"),
                Providers = message.ProviderPeers.Select(peer => $"{peer.Id} {string.Join(' ', peer.Addresses)} {peer.Connection}"),
            }
        );
}
