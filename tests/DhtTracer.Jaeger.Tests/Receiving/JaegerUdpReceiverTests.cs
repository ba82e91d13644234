using System.Net;
using System.Net.Sockets;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.TestSupport.Jaeger;
using DhtTracer.Traces.Thrift;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Jaeger.Tests.Receiving;

public class JaegerUdpReceiverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ThriftProtocol.Compact)]
    [InlineData(ThriftProtocol.Binary)]
    public async Task Datagrams_are_stored_and_garbage_between_them_is_counted(ThriftProtocol protocol)
    {
        await using var host = await ReceiverHost.StartAsync((_, _, _) => { });
        await using var receiver = new JaegerUdpReceiver(host.Sink, protocol, NullLogger<JaegerUdpReceiver>.Instance);
        var address = receiver.Start(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(IPAddress.Loopback, address.Port, Cancel);
        var random = new Random(5);
        var garbage = FuzzInputs.Count(200);
        for (var i = 0; i < garbage; i++)
        {
            var datagram = new byte[random.Next(1, 200)];
            random.NextBytes(datagram);
            await client.SendAsync(datagram, Cancel);
        }

        foreach (var datagram in await ThriftSender.EmitBatchCallsAsync(JaegerSpans.Trace, protocol))
        {
            await client.SendAsync(datagram, Cancel);
        }

        // UDP acknowledges nothing: wait for what must come.
        for (var i = 0; i < 300 && (await host.TraceAsync(JaegerSpans.Id)).Count < JaegerSpans.Trace.Count; i++)
        {
            await Task.Delay(100, Cancel);
        }

        Assert.Equal(JaegerSpans.Trace, await host.TraceAsync(JaegerSpans.Id));
        var statistics = host.Sink.Statistics.Snapshot().Single();
        Assert.True(statistics.Errors > 0);
        Assert.Equal(2, statistics.Spans);
    }

    [Fact]
    public async Task Stopping_stores_what_has_arrived()
    {
        await using var host = await ReceiverHost.StartAsync((_, _, _) => { });
        var receiver = new JaegerUdpReceiver(host.Sink, ThriftProtocol.Compact, NullLogger<JaegerUdpReceiver>.Instance);
        var bound = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(bound.LocalEndPoint!, Cancel);
        var datagram = Assert.Single(await ThriftSender.EmitBatchCallsAsync(JaegerSpans.Trace, ThriftProtocol.Compact));
        await client.SendAsync(datagram, Cancel);

        // What was sent has not always arrived: a busy kernel passes it on later, also on loopback.
        while (bound.Available == 0)
        {
            await Task.Delay(1, Cancel);
        }

        receiver.StartOn(bound);
        await receiver.DisposeAsync();

        Assert.Equal(2, (await host.TraceAsync(JaegerSpans.Id)).Count);
    }

    [Fact]
    public async Task A_taken_port_is_an_error_at_once()
    {
        await using var host = await ReceiverHost.StartAsync((_, _, _) => { });
        await using var first = new JaegerUdpReceiver(host.Sink, ThriftProtocol.Compact, NullLogger<JaegerUdpReceiver>.Instance);
        await using var second = new JaegerUdpReceiver(host.Sink, ThriftProtocol.Compact, NullLogger<JaegerUdpReceiver>.Instance);
        var address = first.Start(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Throws<SocketException>(() => second.Start(address));
    }
}
