using System.Net.Sockets;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Hosting;

/// <summary>A remote that gets through the handshake and then misbehaves.</summary>
public class HostileRemoteTests
{
    private const string Echo = "/test/echo/1.0.0";

    [Fact]
    public async Task A_window_overrun_closes_the_connection_and_the_host_goes_on()
    {
        await using var hosts = new TestHosts();
        var victim = await hosts.StartAsync();
        var (channel, closed) = await ConnectAsync(victim);

        // The host's identify stream may come first; what is sent here breaks the protocol in any case.
        await channel.WriteAsync(Frame(new YamuxFrame(YamuxType.Data, YamuxFlags.Syn, 1, 300 * 1024)));
        Assert.IsType<WireException>(await closed.WaitAsync(TestHosts.Deadline));
        await StillWorks(hosts, victim);
        channel.Dispose();
    }

    [Fact]
    public async Task A_negotiation_that_never_ends_is_reset_in_its_time()
    {
        await using var hosts = new TestHosts();
        var victim = await hosts.StartAsync(options => options with { NegotiationTimeout = TimeSpan.FromSeconds(3) });
        var (channel, _) = await ConnectAsync(victim);
        await channel.WriteAsync(Frame(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0)));
        var reset = Frame(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, 1, 0));
        var acknowledgedReset = Frame(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst | YamuxFlags.Ack, 1, 0));
        var seen = new List<byte>();
        var deadline = TestHosts.Deadline;
        while (!Contains(reset) && !Contains(acknowledgedReset))
        {
            seen.AddRange((await channel.ReadAsync().AsTask().WaitAsync(deadline)).Span);
        }

        channel.Dispose();

        bool Contains(byte[] frame) => seen.ToArray().AsSpan().IndexOf(frame) >= 0;
    }

    [Fact]
    public async Task Many_streams_of_garbage_leave_the_host_usable()
    {
        await using var hosts = new TestHosts();
        var victim = await hosts.StartAsync(options => options with { NegotiationTimeout = TimeSpan.FromSeconds(3) });
        victim.SetProtocolHandler(
            Echo,
            async (stream, token) => await stream.WriteMessageAsync(await stream.ReadMessageAsync(100, token) ?? [], token)
        );
        var (channel, _) = await ConnectAsync(victim);
        var random = new Random(19);
        var negotiation = MultistreamSelect.Encode("/multistream/1.0.0", Echo);
        for (uint id = 1; id < 2000; id += 2)
        {
            byte[] data = [.. Fuzz.Mutate(random, negotiation), .. Fuzz.Mutate(random, [5, 1, 2, 3, 4, 5])];
            await channel.WriteAsync((byte[])[.. Frame(new YamuxFrame(YamuxType.Data, YamuxFlags.Syn, id, (uint)data.Length)), .. data]);
        }

        await StillWorks(hosts, victim);
        channel.Dispose();
    }

    [Fact]
    public async Task A_length_without_its_message_costs_little_memory()
    {
        await using var hosts = new TestHosts();
        var victim = await hosts.StartAsync();
        var reading = new TaskCompletionSource<Task>();
        victim.SetProtocolHandler(
            Echo,
            async (stream, token) =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var message = stream.ReadMessageAsync(1 << 30, token);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
                reading.TrySetResult(message);
                _ = await message;
            }
        );
        var other = await hosts.StartAsync();
        var connection = (await other.DialAsync(victim.PeerId, victim.ListenAddresses, cancellationToken: TestHosts.Deadline)).Connection;
        var stream = await connection.OpenStreamAsync(Echo, TestHosts.Deadline);
        await stream.WriteAsync((byte[])[0xff, 0xff, 0xff, 0xff, 0x03], TestHosts.Deadline);
        var message = await reading.Task.WaitAsync(TestHosts.Deadline);
        stream.Reset();
        await Assert.ThrowsAsync<StreamResetException>(() => message);
    }

    private static byte[] Frame(YamuxFrame frame)
    {
        var header = new byte[YamuxFrame.HeaderLength];
        frame.Write(header);
        return header;
    }

    /// <summary>Goes through the handshake as any peer would; from then on the test writes the frames.</summary>
    private static async Task<(DhtTracer.Libp2p.Noise.NoiseChannel Channel, Task<Exception> Closed)> ConnectAsync(Libp2pHost victim)
    {
        var connected = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        victim.Connected += (_, e) => connected.TrySetResult(e.Connection);
        Assert.True(victim.ListenAddresses[0].TryGetTcpEndPoint(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        var upgraded = await new ConnectionUpgrader(Identity.Create()).UpgradeAsync(
            new NetworkStream(socket, ownsSocket: true),
            isDialer: true,
            victim.PeerId,
            TestHosts.Deadline
        );
        return (upgraded.Channel, (await connected.Task.WaitAsync(TestHosts.Deadline)).Closed);
    }

    private static async Task StillWorks(TestHosts hosts, Libp2pHost victim)
    {
        var other = await hosts.StartAsync();
        _ = await other.DialAsync(victim.PeerId, victim.ListenAddresses, cancellationToken: TestHosts.Deadline);
        Assert.InRange(await other.PingAsync(victim.PeerId, TestHosts.Deadline), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
