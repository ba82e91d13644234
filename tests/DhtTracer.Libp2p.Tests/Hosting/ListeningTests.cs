using System.Net;
using System.Net.Sockets;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

/// <summary>Addresses that change while a host runs.</summary>
public class ListeningTests
{
    [Fact]
    public async Task New_addresses_are_pushed_to_connected_peers_and_can_be_dialed()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var connection = (await a.DialAsync(b.PeerId, b.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        _ = await connection.Identified.WaitAsync(TestHosts.Deadline);
        _ = await b.FindConnection(a.PeerId)!.Identified.WaitAsync(TestHosts.Deadline);
        var first = Assert.Single(b.ListenAddresses);

        var told = Told();
        var added = Assert.Single(b.Listen(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")));
        Assert.Equal([first, added], b.ListenAddresses);
        Assert.Equal([first, added], (await told.WaitAsync(TestHosts.Deadline)).Addresses);
        var other = await hosts.StartAsync();
        _ = await other.DialAsync(b.PeerId, [added], cancellationToken: TestHosts.Deadline);

        told = Told();
        b.Announce([Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001")]);
        Assert.Equal("/ip4/127.0.0.1/tcp/4001", Assert.Single((await told.WaitAsync(TestHosts.Deadline)).Addresses).ToString());

        Task<PeerInfo> Told()
        {
            var push = new TaskCompletionSource<PeerInfo>(TaskCreationOptions.RunContinuationsAsynchronously);
            a.Identified += (_, e) => push.TrySetResult(e.Info);
            return push.Task;
        }
    }

    [Fact]
    public async Task An_address_that_is_listened_on_no_more_refuses_and_connections_stay()
    {
        await using var hosts = new TestHosts();
        var a = await hosts.StartAsync();
        var b = await hosts.StartAsync();
        var address = Assert.Single(b.Listen(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")));
        _ = await a.DialAsync(b.PeerId, [address], cancellationToken: TestHosts.Deadline);
        var fixedPort = Assert.Single(b.Listen(Multiaddr.Parse(FreeAddress())));
        Assert.Throws<ArgumentException>(() => b.Listen(fixedPort));
        Assert.True(b.StopListening(fixedPort));
        Assert.False(b.StopListening(fixedPort));

        Assert.DoesNotContain(fixedPort, b.ListenAddresses);
        Assert.NotNull(a.FindConnection(b.PeerId));
        var refused = await Assert.ThrowsAsync<DialException>(async () =>
            await (await hosts.StartAsync()).DialAsync(b.PeerId, [fixedPort], cancellationToken: TestHosts.Deadline)
        );
        Assert.Equal(DialError.Refused, refused.Error);

        static string FreeAddress()
        {
            using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return $"/ip4/127.0.0.1/tcp/{((IPEndPoint)probe.LocalEndPoint!).Port}";
        }
    }
}
