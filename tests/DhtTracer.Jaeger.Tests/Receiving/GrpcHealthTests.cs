using System.Text;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.Receiving;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DhtTracer.Jaeger.Tests.Receiving;

public class GrpcHealthTests
{
    private const string Service = "jaeger.api_v2.CollectorService";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_port_and_its_service_are_serving_and_another_service_is_not_found()
    {
        await using var host = await StartAsync();
        using var channel = new GrpcChannel(host.Address);
        byte[] serving = [0x08, 0x01];
        Assert.Equal(serving, await CheckAsync(channel, []));
        Assert.Equal(serving, await CheckAsync(channel, [0x0A, (byte)Service.Length, .. Encoding.UTF8.GetBytes(Service)]));
        var unknown = await Assert.ThrowsAsync<GrpcException>(() => CheckAsync(channel, [0x0A, 1, (byte)'x']));
        Assert.Equal(GrpcStatusCode.NotFound, unknown.Status);
        var broken = await Assert.ThrowsAsync<GrpcException>(() => CheckAsync(channel, [0x0A, 9, (byte)'x']));
        Assert.Equal(GrpcStatusCode.InvalidArgument, broken.Status);
    }

    private static Task<byte[]> CheckAsync(GrpcChannel channel, byte[] request) =>
        channel.UnaryBytesAsync(GrpcHealth.CheckPath, request, TimeSpan.FromSeconds(30), Cancel);

    private static Task<ReceiverHost> StartAsync() =>
        ReceiverHost.StartAsync((app, _, store) => app.MapGrpcHealth(store, Service), HttpProtocols.Http2);
}
