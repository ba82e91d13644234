using System.Text;
using DhtTracer.Jaeger.Health;
using DhtTracer.TestSupport;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using GrpcStatusCode = Grpc.Core.StatusCode;
using RpcException = Grpc.Core.RpcException;

namespace DhtTracer.Jaeger.Tests.Receiving;

public class GrpcHealthTests
{
    private const string Service = "jaeger.api_v2.CollectorService";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_port_and_its_service_are_serving_and_another_service_is_not_found()
    {
        await using var host = await StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address);
        byte[] serving = [0x08, 0x01];
        Assert.Equal(serving, await CheckAsync(channel, []));
        Assert.Equal(serving, await CheckAsync(channel, [0x0A, (byte)Service.Length, .. Encoding.UTF8.GetBytes(Service)]));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => CheckAsync(channel, [0x0A, 1, (byte)'x']));
        Assert.Equal(GrpcStatusCode.NotFound, unknown.StatusCode);
    }

    private static Task<byte[]> CheckAsync(GrpcChannel channel, byte[] request) =>
        channel.UnaryBytesAsync("/grpc.health.v1.Health/Check", request, TimeSpan.FromSeconds(30), Cancel);

    private static Task<ReceiverHost> StartAsync() =>
        ReceiverHost.StartAsync((app, _, _) => app.MapGrpcHealth(), HttpProtocols.Http2, services => services.AddGrpcHealth());
}
