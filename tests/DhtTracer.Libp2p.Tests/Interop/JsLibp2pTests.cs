using System.Text.Json;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Interop;

/// <summary>This host and js-libp2p nodes, over TCP, Noise and Yamux, each dialing the other.</summary>
public sealed class JsLibp2pTests(JsLibp2pTests.Network network) : IClassFixture<JsLibp2pTests.Network>, IAsyncLifetime
{
    private const string Echo = "/dht-tracer/echo/1.0.0";

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(120));
    private Libp2pHost? _host;
    private HostFault? _fault;

    private JsTestBed Bed => network.Bed!;

    private Libp2pHost Host => _host!;

    private CancellationToken Deadline => _deadline.Token;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(network.Bed is not null, Needs.Why("npm packages of tests/interop"));
        _host = await Libp2pHost.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                AgentVersion = "dht-tracer-test/7",
                AllowPrivateAddresses = true,
                OnFault = fault => _fault = fault,
            },
            Deadline
        );
        _host.SetProtocolHandler(Echo, EchoAsync);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _deadline.Dispose();
        Assert.Null(_fault);
    }

    [Fact]
    public async Task We_dial_identify_and_ping_a_js_node()
    {
        var connection = await DialAsync(0);
        var info = await connection.Identified.WaitAsync(Deadline);
        Assert.StartsWith("js-libp2p/", info?.AgentVersion, StringComparison.Ordinal);
        Assert.Contains("/ipfs/kad/1.0.0", info!.Protocols);
        Assert.Contains(Multiaddr.Parse(Bed.Nodes[0].Addresses[0]).WithoutPeerId(), info.Addresses);
        Assert.NotNull(info.ObservedAddress);
        for (var i = 0; i < 3; i++)
        {
            Assert.InRange(await Host.PingAsync(connection.RemotePeer, Deadline), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task A_js_node_knows_us_after_identify_as_we_are()
    {
        var connection = await DialAsync(0);
        _ = await connection.Identified.WaitAsync(Deadline);
        var identified = await Bed.SendAsync("identify", new { node = 0, peer = Host.PeerId.ToString() }, Deadline);
        Assert.Equal("dht-tracer-test/7", identified.GetProperty("agentVersion").GetString());
        Assert.Equal("ipfs/0.1.0", identified.GetProperty("protocolVersion").GetString());
        Assert.Equal(Host.Protocols, Texts(identified.GetProperty("protocols")));
        Assert.Equal(Host.ListenAddresses.Select(address => address.ToString()), Texts(identified.GetProperty("listenAddrs")));

        // js-libp2p verifies the signature of the record before it shows it.
        Assert.Equal(
            Host.ListenAddresses.Select(address => address.ToString()),
            Texts(identified.GetProperty("signedPeerRecord").GetProperty("addresses"))
        );
    }

    [Fact]
    public async Task A_js_node_dials_and_pings_us()
    {
        var dialed = await Bed.SendAsync("dial", new { node = 1, addr = OwnAddress }, Deadline);
        Assert.Equal(Host.PeerId.ToString(), dialed.GetProperty("peer").GetString());
        Assert.Equal(
            ("/noise", "/yamux/1.0.0"),
            (dialed.GetProperty("encryption").GetString(), dialed.GetProperty("multiplexer").GetString())
        );
        for (var i = 0; i < 3; i++)
        {
            Assert.InRange(
                (await Bed.SendAsync("ping", new { node = 1, peer = Host.PeerId.ToString() }, Deadline)).GetProperty("rttMs").GetDouble(),
                0,
                5000
            );
        }

        var connection = Host.FindConnection(PeerId.Parse(Bed.Nodes[1].PeerId))!;
        Assert.False(connection.IsOutbound);
        Assert.StartsWith("js-libp2p/", (await connection.Identified.WaitAsync(Deadline))?.AgentVersion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_identify_push_reaches_a_js_node()
    {
        var connection = await DialAsync(0);
        _ = await connection.Identified.WaitAsync(Deadline);
        Host.SetProtocolHandler("/new/1.0.0", EchoAsync);
        string[] protocols;
        do
        {
            await Task.Delay(50, Deadline);
            protocols =
            [
                .. Texts(
                    (await Bed.SendAsync("peerStore", new { node = 0, peer = Host.PeerId.ToString() }, Deadline)).GetProperty("protocols")
                ),
            ];
        } while (!protocols.Contains("/new/1.0.0"));
    }

    [Theory]
    [InlineData(1, 8_000_000)]
    [InlineData(100, 30_000)]
    public async Task Streams_from_us_carry_more_than_their_windows_both_ways(int streams, int bytes)
    {
        var connection = await DialAsync(0);
        _ = await connection.Identified.WaitAsync(Deadline);
        await Task.WhenAll(
            Enumerable
                .Range(0, streams)
                .Select(async i =>
                {
                    var sent = new byte[bytes];
                    new Random(i).NextBytes(sent);
                    await using var stream = await connection.OpenStreamAsync(Echo, Deadline);
                    var writing = Task.Run(async () =>
                    {
                        await stream.WriteAsync(sent, Deadline);
                        stream.CloseWrite();
                    });
                    var received = new byte[bytes];
                    await stream.ReadExactlyAsync(received, Deadline);
                    await writing;
                    Assert.True(received.AsSpan().SequenceEqual(sent));
                })
        );
    }

    [Theory]
    [InlineData(1, 8_000_000)]
    [InlineData(60, 30_000)]
    public async Task Streams_from_a_js_node_carry_more_than_their_windows_both_ways(int streams, int bytes)
    {
        var answer = await Bed.SendAsync(
            "echo",
            new
            {
                node = 1,
                addr = OwnAddress,
                streams,
                bytes,
                timeout = 60_000,
            },
            Deadline
        );
        Assert.Equal(streams, answer.GetProperty("same").GetInt32());
    }

    [Fact]
    public async Task A_protocol_that_a_js_node_does_not_speak_is_refused_by_type()
    {
        var connection = await DialAsync(0);
        await Assert.ThrowsAsync<ProtocolNotSupportedException>(() => connection.OpenStreamAsync("/nobody/1", Deadline));
        Assert.InRange(await Host.PingAsync(connection.RemotePeer, Deadline), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_js_node_that_stops_ends_its_connections_and_is_refused_from_then_on()
    {
        var connection = await DialAsync(2);
        await Bed.SendAsync("stop", new { node = 2 }, Deadline);
        _ = await connection.Closed.WaitAsync(Deadline);
        var error = await Assert.ThrowsAsync<DialException>(() => DialAsync(2));
        Assert.Equal(DialError.Refused, error.Error);
    }

    private string OwnAddress => Host.ListenAddresses[0].WithPeerId(Host.PeerId).ToString();

    private static IEnumerable<string> Texts(JsonElement array) => array.EnumerateArray().Select(element => element.GetString()!);

    private static async Task EchoAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0; )
        {
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    /// <summary>Three js-libp2p nodes for all tests of the class; the third may be stopped.</summary>
    public sealed class Network : IAsyncLifetime
    {
        public JsTestBed? Bed { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (Needs.Interop is { } folder)
            {
                using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
                Bed = await JsTestBed.StartAsync(folder, 3, deadline.Token);
            }
        }

        public ValueTask DisposeAsync() => Bed?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private async Task<Connection> DialAsync(int node) =>
        (await Host.DialAsync(Multiaddr.Parse(Bed.Nodes[node].Addresses[0]), cancellationToken: Deadline)).Connection;
}
