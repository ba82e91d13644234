using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Server;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Network;

/// <summary>A peer over TCP that refuses what rust-libp2p refuses: the PING of kad-dht, and messages above 16 KiB.</summary>
public sealed class RustLikePeerTests : IAsyncLifetime
{
    private static readonly byte[] Key = "/v/large"u8.ToArray();

    private HostedDhtNode _rust = null!;
    private HostedDhtNode _node = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private KadPeer Rust => new(_rust.Dht.Id, [.. _rust.Host.ListenAddresses]);

    public async ValueTask InitializeAsync()
    {
        _rust = await HostedDhtNode.StartAsync(Options(), new DhtOptions(), server => new RustLikeResponder(server), Token);
        _node = await HostedDhtNode.StartAsync(Options(), new DhtOptions(), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _rust.DisposeAsync();
    }

    [Fact]
    public async Task It_refuses_the_ping_of_kad_dht()
    {
        var dialed = await _node.Host.DialAsync(Rust.Id, Rust.Addresses, cancellationToken: Token);
        var stream = await dialed.Connection.OpenStreamAsync(DhtOptions.AminoProtocol, Token);
        await stream.WriteAsync(KadFraming.Frame(new KadMessage { Type = MessageType.Ping }), Token);
        stream.CloseWrite();
        await Assert.ThrowsAnyAsync<IOException>(() => KadFraming.ReadAsync(stream, KadMessageLimits.Default, Token));
    }

    [Fact]
    public async Task Bootstrap_succeeds_and_the_peer_stays_known()
    {
        Assert.Equal(1, await _node.Dht.BootstrapAsync([Rust], Token));
        Assert.True(_node.Dht.RoutingTable.Contains(Rust.Id));
        var found = await _node.Dht.GetClosestPeersAsync(Key, cancellationToken: Token);
        Assert.Equal(QueryOutcome.Success, found.Outcome);
    }

    [Fact]
    public async Task Ping_is_answered()
    {
        var ping = await _node.Dht.PingAsync(Rust, cancellationToken: Token);
        Assert.Equal((QueryOutcome.Success, 1), (ping.Outcome, ping.Results));
    }

    [Fact]
    public async Task A_value_that_it_refuses_does_not_cost_it_its_place()
    {
        await _node.Dht.BootstrapAsync([Rust], Token);
        var put = await _node.Dht.PutValueAsync(Key, new byte[17_000], cancellationToken: Token);
        Assert.Equal(QueryOutcome.Failed, put.Outcome);
        Assert.Equal(ErrorClass.Reset, put.Error!.Class);
        Assert.True(_node.Dht.RoutingTable.Contains(Rust.Id));
        var small = await _node.Dht.PutValueAsync(Key, new byte[] { 1 }, cancellationToken: Token);
        Assert.Equal(QueryOutcome.Success, small.Outcome);
    }

    private static Libp2pHostOptions Options() =>
        new()
        {
            Identity = Identity.Create(),
            ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
            AllowPrivateAddresses = true,
        };

    private sealed class RustLikeResponder(KadServer server) : IKadResponder
    {
        public ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken) =>
            request.Type == MessageType.Ping ? throw new KadRefusedException("Kademlia PING messages are unsupported")
            : KadMessageCodec.Encode(request).Length > KadMessageLimits.RustMessageBytes
                ? throw new KadRefusedException("the message is too large")
            : ValueTask.FromResult(server.Answer(request, sender));
    }
}
