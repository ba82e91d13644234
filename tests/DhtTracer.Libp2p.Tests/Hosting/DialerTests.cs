using System.Net;
using System.Net.Sockets;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

public class DialerTests
{
    [Fact]
    public async Task A_port_that_nobody_listens_on_is_refused()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var error = await DialFails(a, FreePort());
        Assert.Equal(DialError.Refused, error.Error);
        var attempt = Assert.Single(error.Attempts);
        Assert.Equal((true, DialError.Refused), (attempt.Tried, attempt.Error));
    }

    [Fact]
    public async Task A_remote_that_never_answers_times_out_in_its_time()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync(options => options with { AddressTimeout = TimeSpan.FromMilliseconds(200) });
        using var blackHole = new BlackHole();
        var error = await DialFails(a, blackHole.Address);
        Assert.Equal(DialError.Timeout, error.Error);
        Assert.InRange(error.Attempts[0].Duration, TimeSpan.FromMilliseconds(190), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_whole_dial_has_a_timeout_of_its_own()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        using var blackHole = new BlackHole();
        var error = await DialFails(a, blackHole.Address, new DialOptions { Timeout = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(DialError.Timeout, error.Error);
    }

    [Fact]
    public async Task A_remote_that_hangs_up_fails_the_handshake()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = ServeAsync();
        var error = await DialFails(a, Multiaddr.FromTcp(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndPoint!).Port)));
        Assert.Equal(DialError.Handshake, error.Error);
        await serving;

        async Task ServeAsync()
        {
            using var accepted = await listener.AcceptAsync(TestHosts.Deadline);
            _ = await accepted.ReceiveAsync(new byte[1024], TestHosts.Deadline);
            accepted.Shutdown(SocketShutdown.Both);
        }
    }

    [Fact]
    public async Task Another_peer_at_the_address_is_noticed()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var error = await DialFails(a, b.ListenAddresses[0]);
        Assert.Equal(DialError.WrongPeer, error.Error);
        Assert.Empty(a.Connections);
    }

    [Fact]
    public async Task The_addresses_that_work_win_over_those_that_do_not()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync(options => options with { AddressStagger = TimeSpan.FromMilliseconds(20) });
        var b = await hosts.StartAsync();
        using var blackHole = new BlackHole();
        var dialed = await a.DialAsync(
            b.PeerId,
            [FreePort(), blackHole.Address, b.ListenAddresses[0]],
            cancellationToken: TestHosts.Deadline
        );
        Assert.Equal(b.ListenAddresses[0], dialed.Address);
        Assert.Equal(3, dialed.AddressesTried);
        Assert.Equal(
            [DialError.Refused, null, DialError.Superseded],
            dialed
                .Attempts.OrderBy(attempt =>
                    attempt.Error is null ? 1
                    : attempt.Error == DialError.Refused ? 0
                    : 2
                )
                .Select(attempt => attempt.Error)
        );
    }

    [Fact]
    public async Task Private_addresses_are_dialed_only_when_asked_for()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync(options => options with { AllowPrivateAddresses = false });
        var b = await hosts.StartAsync();
        var error = await DialFails(a, b.ListenAddresses[0], peer: b.PeerId);
        Assert.Equal(DialError.NoRoute, error.Error);
        Assert.False(Assert.Single(error.Attempts).Tried);
        var dialed = await a.DialAsync(b.PeerId, b.ListenAddresses, new DialOptions { AllowPrivateAddresses = true }, TestHosts.Deadline);
        Assert.Equal(b.PeerId, dialed.Connection.RemotePeer);
    }

    [Fact]
    public async Task A_peer_without_a_usable_address_has_no_route()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var unknown = await Assert.ThrowsAsync<DialException>(() =>
            a.DialAsync(Identity.Create().PeerId, cancellationToken: TestHosts.Deadline)
        );
        Assert.Equal(DialError.NoRoute, unknown.Error);
        var quic = await DialFails(a, Multiaddr.Parse("/ip4/127.0.0.1/udp/1/quic-v1"));
        Assert.Equal(DialError.NoRoute, quic.Error);
        Assert.Contains("only plain TCP", quic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_failed_is_left_alone_for_a_while()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var first = await DialFails(a, FreePort(), peer: b.PeerId);
        Assert.Equal(DialError.Refused, first.Error);
        var second = await DialFails(a, b.ListenAddresses[0], peer: b.PeerId);
        Assert.Equal(DialError.Backoff, second.Error);
        Assert.Equal([first.Attempts[0] with { Tried = false, Duration = TimeSpan.Zero }], second.Attempts);
        var third = await a.DialAsync(b.PeerId, b.ListenAddresses, new DialOptions { IgnoreBackoff = true }, TestHosts.Deadline);
        Assert.True(third.Connection.IsOpen);
    }

    [Fact]
    public async Task A_peer_that_connects_by_itself_is_left_alone_no_more()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        _ = await DialFails(a, FreePort(), peer: b.PeerId);
        var connection = (await b.DialAsync(a.PeerId, a.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        var deadline = TestHosts.Deadline;
        while (a.FindConnection(b.PeerId) is null)
        {
            await Task.Delay(10, deadline);
        }

        await connection.CloseAsync();
        while (a.FindConnection(b.PeerId) is not null)
        {
            await Task.Delay(10, deadline);
        }

        Assert.False((await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Reused);
    }

    [Fact]
    public async Task A_caller_who_gives_up_does_not_end_the_dial_of_another()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync(options => options with { AddressStagger = TimeSpan.FromMilliseconds(300) });
        var b = await hosts.StartAsync();
        using var blackHole = new BlackHole();
        Multiaddr[] addresses = [blackHole.Address, b.ListenAddresses[0]];
        using var impatient = new CancellationTokenSource();
        var first = a.DialAsync(b.PeerId, addresses, cancellationToken: impatient.Token);
        var second = a.DialAsync(b.PeerId, addresses, cancellationToken: TestHosts.Deadline);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(b.PeerId, (await second).Connection.RemotePeer);
    }

    [Fact]
    public async Task A_dial_that_was_taken_back_leaves_nothing_behind()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        using var blackHole = new BlackHole();
        using var cancel = new CancellationTokenSource();
        var dial = a.DialAsync(Identity.Create().PeerId, [blackHole.Address], cancellationToken: cancel.Token);
        await Task.Delay(50);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial);
        Assert.Empty(a.Connections);
    }

    [Fact]
    public async Task A_host_does_not_dial_itself()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var error = await Assert.ThrowsAsync<DialException>(() =>
            a.DialAsync(a.PeerId, a.ListenAddresses, cancellationToken: TestHosts.Deadline)
        );
        Assert.Equal(DialError.NoRoute, error.Error);
    }

    private static Task<DialException> DialFails(Libp2pHost host, Multiaddr address, DialOptions? options = null, PeerId? peer = null) =>
        Assert.ThrowsAsync<DialException>(() => host.DialAsync(peer ?? Identity.Create().PeerId, [address], options, TestHosts.Deadline));

    /// <summary>An address on which nobody listens: a port that was free a moment ago.</summary>
    private static Multiaddr FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return Multiaddr.FromTcp(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port));
    }

    /// <summary>Accepts connections, and never says a word.</summary>
    private sealed class BlackHole : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public BlackHole()
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _socket.Listen();
        }

        public Multiaddr Address => Multiaddr.FromTcp((IPEndPoint)_socket.LocalEndPoint!);

        public void Dispose() => _socket.Dispose();
    }
}
