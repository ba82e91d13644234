using System.Net.Sockets;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

public class Libp2pHostTests
{
    private const string Echo = "/test/echo/1.0.0";

    [Fact]
    public async Task Two_hosts_connect_identify_and_ping()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync(options => options with { AgentVersion = "a/1" });
        var b = await hosts.StartAsync(options => options with { AgentVersion = "b/2" });

        var dialed = await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline);

        Assert.False(dialed.Reused);
        Assert.Equal(1, dialed.AddressesTried);
        Assert.Equal(b.ListenAddresses[0], dialed.Address);
        Assert.Equal(b.PeerId, dialed.Connection.RemotePeer);
        Assert.True(dialed.Connection.IsOutbound);
        var known = await dialed.Connection.Identified.WaitAsync(TestHosts.Deadline);
        Assert.Equal(("b/2", "ipfs/0.1.0"), (known?.AgentVersion, known?.ProtocolVersion));
        Assert.Equal(b.ListenAddresses, known!.Addresses);
        Assert.Equal(["/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"], known.Protocols);
        var back = b.FindConnection(a.PeerId)!;
        Assert.Equal("a/1", (await back.Identified.WaitAsync(TestHosts.Deadline))?.AgentVersion);
        Assert.False(back.IsOutbound);
        Assert.InRange(await a.PingAsync(b.PeerId, TestHosts.Deadline), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(await b.PingAsync(a.PeerId, TestHosts.Deadline), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_second_dial_reuses_the_connection()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var first = await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline);
        var second = await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline);
        Assert.True(second.Reused);
        Assert.Empty(second.Attempts);
        Assert.Same(first.Connection, second.Connection);
    }

    [Fact]
    public async Task Dials_at_the_same_time_share_one_connection()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var dials = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline))
        );
        Assert.Single(dials.Select(dial => dial.Connection).Distinct());
        Assert.Single(a.Connections);
    }

    [Fact]
    public async Task A_stream_carries_messages_both_ways_and_ends_for_both()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(Echo, EchoAsync);
        b.Peers.AddAddresses(a.PeerId, a.ListenAddresses);
        a.Peers.AddAddresses(b.PeerId, b.ListenAddresses);

        await using var stream = await a.OpenStreamAsync(b.PeerId, Echo, TestHosts.Deadline);
        await stream.WriteMessageAsync("hello"u8.ToArray(), TestHosts.Deadline);
        Assert.Equal("hello"u8.ToArray(), await stream.ReadMessageAsync(100, TestHosts.Deadline));
        stream.CloseWrite();
        Assert.Null(await stream.ReadMessageAsync(100, TestHosts.Deadline));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task Many_streams_carry_more_than_their_windows_at_the_same_time(int streams)
    {
        const int Size = 600 * 1024;
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(Echo, EchoAsync);
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

        await Task.WhenAll(
            Enumerable
                .Range(0, streams)
                .Select(async i =>
                {
                    var size = streams == 1 ? 20 * Size : Size / 10;
                    var sent = new byte[size];
                    new Random(i).NextBytes(sent);
                    await using var stream = await connection.OpenStreamAsync(Echo, deadline);
                    var writing = WriteAsync();
                    var received = new byte[size];
                    await stream.ReadExactlyAsync(received, deadline);
                    await writing;
                    Assert.True(received.AsSpan().SequenceEqual(sent));
                    Assert.Equal(0, await stream.ReadAsync(new byte[1], deadline));

                    async Task WriteAsync()
                    {
                        await stream.WriteAsync(sent, deadline);
                        stream.CloseWrite();
                    }
                })
        );
        await Eventually(() => connection.StreamCount == 0);
    }

    [Fact]
    public async Task A_protocol_that_nobody_speaks_is_refused_by_type()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        var refused = await Assert.ThrowsAsync<ProtocolNotSupportedException>(() =>
            connection.OpenStreamAsync("/nobody/1", TestHosts.Deadline)
        );
        Assert.Equal("/nobody/1", refused.Protocol);
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task A_protocol_that_was_dropped_since_identify_is_refused_at_the_first_read()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(Echo, EchoAsync);
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        Assert.Contains(Echo, (await connection.Identified.WaitAsync(TestHosts.Deadline))!.Protocols);
        b.RemoveProtocolHandler(Echo);
        await using var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await Assert.ThrowsAsync<ProtocolNotSupportedException>(() => stream.ReadMessageAsync(100, TestHosts.Deadline));
    }

    [Fact]
    public async Task New_protocols_are_pushed_to_connected_peers()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        _ = await connection.Identified.WaitAsync(TestHosts.Deadline);
        _ = await b.FindConnection(a.PeerId)!.Identified.WaitAsync(TestHosts.Deadline);
        var told = new TaskCompletionSource<PeerInfo>();
        a.Identified += (_, e) => told.TrySetResult(e.Info);
        b.SetProtocolHandler(Echo, EchoAsync);
        Assert.Contains(Echo, (await told.Task.WaitAsync(TestHosts.Deadline)).Protocols);
    }

    [Fact]
    public async Task A_handler_that_fails_resets_its_stream_and_tells_the_owner()
    {
        await using var hosts = new TestHosts { FaultsExpected = true };
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(Echo, (_, _) => throw new InvalidOperationException("broken"));
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        await using var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await Assert.ThrowsAsync<StreamResetException>(() => stream.ReadMessageAsync(100, TestHosts.Deadline));
        Assert.Equal("broken", Assert.Single(hosts.Faults).Exception.Message);
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task What_was_answered_before_a_reset_is_still_read()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(
            Echo,
            async (stream, token) =>
            {
                await stream.WriteMessageAsync("answer"u8.ToArray(), token);
                stream.Reset();
            }
        );
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        await using var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await Task.Delay(100);
        Assert.Equal("answer"u8.ToArray(), await stream.ReadMessageAsync(100, TestHosts.Deadline));
        await Assert.ThrowsAsync<StreamResetException>(() => stream.ReadMessageAsync(100, TestHosts.Deadline));
    }

    [Fact]
    public async Task A_message_longer_than_allowed_is_refused_before_it_is_read()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        b.SetProtocolHandler(Echo, async (stream, token) => await stream.WriteAsync((byte[])[0xff, 0xff, 0xff, 0xff, 0x7f], token));
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        await using var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        var error = await Assert.ThrowsAsync<WireException>(() => stream.ReadMessageAsync(1000, TestHosts.Deadline));
        Assert.Equal(WireLayer.Framing, error.Layer);
    }

    [Fact]
    public async Task Closing_a_host_ends_the_connections_of_others()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var ended = new TaskCompletionSource<Connection>();
        a.Disconnected += (_, e) => ended.TrySetResult(e.Connection);
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        await b.DisposeAsync();
        Assert.Same(connection, await ended.Task.WaitAsync(TestHosts.Deadline));
        Assert.Null(a.FindConnection(b.PeerId));
        await Assert.ThrowsAsync<ConnectionClosedException>(() => connection.OpenStreamAsync(Echo, TestHosts.Deadline));
    }

    [Fact]
    public async Task A_full_host_closes_the_connection_that_was_idle_longest()
    {
        await using var hosts = new TestHosts();
        var full = await hosts.StartAsync(options => options with { MaxConnections = 2 });
        var connections = new List<Connection>();
        for (var i = 0; i < 3; i++)
        {
            var other = await hosts.StartAsync();
            var connection = (await full.DialAsync(other.PeerId, other.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
            _ = await connection.Identified.WaitAsync(TestHosts.Deadline);
            await Eventually(() => connection.StreamCount == 0);
            connections.Add(connection);
        }

        _ = await connections[0].Closed.WaitAsync(TestHosts.Deadline);
        Assert.Equal(2, full.Connections.Count);
        Assert.True(connections[1].IsOpen && connections[2].IsOpen);
    }

    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_and_the_connection_lives()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync(options => options with { MaxStreamsPerConnection = 4 });
        b.SetProtocolHandler(Echo, EchoAsync);
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        _ = await connection.Identified.WaitAsync(TestHosts.Deadline);
        await Eventually(() => connection.StreamCount == 0);
        var streams = new List<Libp2pStream>();
        for (var i = 0; i < 4; i++)
        {
            var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
            await stream.WriteMessageAsync(new byte[] { 1 }, TestHosts.Deadline);
            _ = await stream.ReadMessageAsync(10, TestHosts.Deadline);
            streams.Add(stream);
        }

        var surplus = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await Assert.ThrowsAsync<StreamResetException>(() => surplus.ReadMessageAsync(100, TestHosts.Deadline));
        streams.ForEach(stream => stream.Dispose());
        await Eventually(() => connection.StreamCount == 0);
        await using var next = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await next.WriteMessageAsync(new byte[] { 2 }, TestHosts.Deadline);
        Assert.Equal([2], await next.ReadMessageAsync(10, TestHosts.Deadline));
    }

    [Fact]
    public async Task Strangers_that_send_garbage_or_nothing_do_not_disturb_a_host()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync(options => options with { NegotiationTimeout = TimeSpan.FromSeconds(3) });
        Assert.True(b.ListenAddresses[0].TryGetTcpEndPoint(out var endPoint));
        byte[][] inputs =
        [
            [],
            [0x00],
            [0xff, 0xff, 0xff],
            "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
            [.. MultistreamSelect.Encode("/multistream/1.0.0", "/noise"), 0xff, 0xff, 1, 2, 3],
        ];
        await Task.WhenAll(
            inputs.Select(async bytes =>
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(endPoint);
                await socket.GetStream().WriteAsync(bytes);

                // The host hangs up by itself, at the latest when its time for the negotiation is over.
                var buffer = new byte[4096];
                var deadline = TestHosts.Deadline;
                try
                {
                    while (await socket.GetStream().ReadAsync(buffer, deadline) > 0) { }
                }
                catch (IOException)
                {
                    // A reset is an end too.
                }
            })
        );

        Assert.Empty(b.Connections);
        _ = await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline);
    }

    [Fact]
    public async Task Listening_needs_plain_tcp()
    {
        var options = new Libp2pHostOptions
        {
            Identity = Identity.Create(),
            ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/udp/0/quic-v1")],
        };
        await Assert.ThrowsAsync<ArgumentException>(() => Libp2pHost.StartAsync(options));
    }

    private static async Task EchoAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0; )
        {
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        var deadline = TestHosts.Deadline;
        while (!condition())
        {
            await Task.Delay(10, deadline);
        }
    }
}
