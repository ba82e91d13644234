using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Libp2p;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Server;

/// <summary>Remotes that speak the DHT's protocol badly on purpose, over real connections; the time of the victim runs fast.</summary>
public sealed class HostileKadRemoteTests
{
    private static readonly FastTime Fast = new(factor: 6);

    // What is not looked at here has all the time of a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_that_drips_in_is_reset_when_its_time_is_over()
    {
        await using var pair = await Pair.StartAsync();
        await using var stream = await pair.OpenAsync();
        var reset = await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            // A byte each five seconds keeps a stream from being idle, not a request from being late.
            await stream.WriteAsync((byte[])[100], Token);
            var answer = stream.ReadAsync(new byte[1], Token).AsTask();
            for (var i = 0; i < 30 && !answer.IsCompleted; i++)
            {
                await stream.WriteAsync((byte[])[0], Token);
                await Task.Delay(TimeSpan.FromSeconds(5), Fast, Token);
            }

            _ = await answer;
        });
        Assert.IsType<StreamResetException>(reset);
        await pair.AssertServesOthersAsync();
    }

    [Theory]
    [InlineData("8080808080808080808001")] // a length of eleven bytes
    [InlineData("ffffffff7f")] // a frame of 32 GiB
    [InlineData("0508")] // cut off inside
    [InlineData("03080199")] // no message
    [InlineData("020804")] // FIND_NODE without a key
    [InlineData("02080c")] // a type that does not exist
    public async Task A_request_that_breaks_the_protocol_is_reset(string hex)
    {
        await using var pair = await Pair.StartAsync();
        await using var stream = await pair.OpenAsync();
        await stream.WriteAsync(Convert.FromHexString(hex), Token);
        stream.CloseWrite();
        await Assert.ThrowsAsync<StreamResetException>(async () => Assert.Equal(0, await stream.ReadAsync(new byte[1], Token)));
        await pair.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_request_without_end_is_refused_at_the_limit()
    {
        await using var pair = await Pair.StartAsync(new KadMessageLimits { MaxMessageBytes = 10_000 });
        await using var stream = await pair.OpenAsync();
        await stream.WriteAsync((byte[])[0xff, 0xff, 0x7f], Token);
        await Assert.ThrowsAsync<StreamResetException>(async () =>
        {
            while (true)
            {
                await stream.WriteAsync(new byte[8000], Token);
            }
        });
        await pair.AssertServesOthersAsync();
    }

    [Fact]
    public async Task Thousands_of_silent_streams_do_not_keep_others_from_being_served_and_end_in_time()
    {
        await using var pair = await Pair.StartAsync();
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            try
            {
                var stream = await pair.OpenAsync();
                await stream.WriteAsync((byte[])[100, 8], Token);
            }
            catch (StreamResetException)
            {
                refused++;
            }
        }

        Assert.True(refused >= 3000 - 256, $"{refused} were refused");
        await pair.AssertServesOthersAsync();
        while (pair.Server.Host.Connections.Sum(connection => connection.StreamCount) > 5)
        {
            await Task.Delay(50, Token);
        }
    }

    [Fact]
    public async Task An_answer_that_drips_in_is_a_request_timeout()
    {
        await using var pair = await Pair.StartAsync(requestTimeout: TimeSpan.FromSeconds(20));
        pair.Client.SetProtocolHandler(
            DhtOptions.AminoProtocol,
            async (stream, token) =>
            {
                await stream.WriteAsync((byte[])[100], token);
                while (true)
                {
                    await stream.WriteAsync((byte[])[0], token);
                    await Task.Delay(TimeSpan.FromSeconds(2), Fast, token);
                }
            }
        );
        var recorder = new QueryRecorder();
        var query = await pair.AskClientAsync(recorder);
        Assert.Equal((QueryOutcome.Failed, ErrorClass.RequestTimeout), (query.Outcome, query.Error!.Class));
        var request = Assert.Single(Assert.Single(recorder.Trace.Peers).Requests);
        Assert.InRange(request.EndedAt!.Value - request.StartedAt, TimeSpan.FromSeconds(19.9), TimeSpan.FromSeconds(200));
    }

    [Fact]
    public async Task An_answer_larger_than_allowed_is_a_bad_answer()
    {
        await using var pair = await Pair.StartAsync();
        pair.Client.SetProtocolHandler(
            DhtOptions.AminoProtocol,
            async (stream, token) =>
            {
                await stream.WriteAsync((byte[])[0xff, 0xff, 0xff, 0x7f], token);
                await Task.Delay(Timeout.InfiniteTimeSpan, Fast, token);
            }
        );
        var query = await pair.AskClientAsync();
        Assert.Equal(ErrorClass.BadAnswer, query.Error!.Class);
    }

    private sealed class Pair(HostedDhtNode server, Libp2pHost client) : IAsyncDisposable
    {
        public HostedDhtNode Server => server;

        public Libp2pHost Client => client;

        public static async Task<Pair> StartAsync(KadMessageLimits? limits = null, TimeSpan? requestTimeout = null) =>
            new(
                await HostedDhtNode.StartAsync(
                    Options() with
                    {
                        Time = Fast,
                        NegotiationTimeout = Patience,
                        DialTimeout = Patience,
                        AddressTimeout = Patience,
                    },
                    new DhtOptions
                    {
                        RefreshInterval = Timeout.InfiniteTimeSpan,
                        DialTimeout = Patience,
                        RequestTimeout = requestTimeout ?? Patience,
                        QueryTimeout = Patience,
                        MessageLimits = limits ?? KadMessageLimits.Default,
                    },
                    Token
                ),
                await Libp2pHost.StartAsync(Options(), Token)
            );

        public async Task<Libp2pStream> OpenAsync()
        {
            var dialed = await client.DialAsync(server.Dht.Id, server.Host.ListenAddresses, cancellationToken: Token);
            return await dialed.Connection.OpenStreamAsync(DhtOptions.AminoProtocol, Token);
        }

        public async Task AssertServesOthersAsync()
        {
            await using var other = await HostedDhtNode.StartAsync(Options(), new DhtOptions { Mode = DhtMode.Client }, Token);
            Assert.Equal(1, await other.Dht.BootstrapAsync([new KadPeer(server.Dht.Id, server.Host.ListenAddresses)], Token));
        }

        /// <summary>The server asks the client, the only peer that it knows.</summary>
        public Task<QueryResult> AskClientAsync(params IReadOnlyList<IQueryObserver> observers)
        {
            server.Dht.Offer(new KadPeer(client.PeerId, client.ListenAddresses));
            return server.Dht.GetClosestPeersAsync(client.PeerId.Bytes.ToArray(), new QueryOptions { Observers = observers }, Token);
        }

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            await client.DisposeAsync();
        }

        private static Libp2pHostOptions Options() =>
            new()
            {
                Identity = Identity.Create(),
                ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                AllowPrivateAddresses = true,
            };
    }

    /// <summary>The system's clock, a number of times as fast.</summary>
    private sealed class FastTime(int factor) : TimeProvider
    {
        private readonly long _start = System.GetTimestamp();
        private readonly DateTimeOffset _startUtc = System.GetUtcNow();

        public override long TimestampFrequency => System.TimestampFrequency;

        public override long GetTimestamp() => _start + ((System.GetTimestamp() - _start) * factor);

        public override DateTimeOffset GetUtcNow() => _startUtc + GetElapsedTime(_start);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Shorten(dueTime), Shorten(period));

        private TimeSpan Shorten(TimeSpan time) => time > TimeSpan.Zero ? time / factor : time;
    }
}
