using DhtTracer.Hosting.Ports;
using DhtTracer.Jaeger.Proto.V3;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;

namespace DhtTracer.Tests.Hosting;

/// <summary>What the running program maps on its ports of gRPC beside their own services: health on each, reflection on one.</summary>
public sealed class GrpcPortTests(RunningPorts ports) : IClassFixture<RunningPorts>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> GrpcPorts =>
        [.. PortTable.All.Where(static port => port.Protocol == PortProtocol.Http2).Select(static port => port.Kind.ToString())];

    [Theory]
    [MemberData(nameof(GrpcPorts))]
    public async Task Each_port_of_grpc_says_that_it_serves(string port)
    {
        using var channel = Channel(Enum.Parse<PortKind>(port));
        var answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task The_query_port_serves_api_v3_and_describes_it()
    {
        using var channel = Channel(PortKind.JaegerQueryGrpc);
        Assert.Empty(
            (
                await new QueryService.QueryServiceClient(channel).GetServicesAsync(new GetServicesRequest(), cancellationToken: Cancel)
            ).Services
        );
        var names = (await ListAsync(channel)).Select(static service => service.Name).ToList();
        Assert.Contains("jaeger.api_v2.QueryService", names);
        Assert.Contains("jaeger.api_v3.QueryService", names);
    }

    [Theory]
    [InlineData(nameof(PortKind.OtlpGrpc))]
    [InlineData(nameof(PortKind.JaegerGrpc))]
    public async Task A_receiver_neither_describes_itself_nor_answers_queries(string port)
    {
        using var channel = Channel(Enum.Parse<PortKind>(port));
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(() => ListAsync(channel))).StatusCode);
        var client = new QueryService.QueryServiceClient(channel);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.GetServicesAsync(new GetServicesRequest(), cancellationToken: Cancel)
        );
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    private GrpcChannel Channel(PortKind kind) => GrpcChannel.ForAddress(ports.Host.Address(kind)!);

    private static async Task<IReadOnlyList<ServiceResponse>> ListAsync(GrpcChannel channel)
    {
        using var call = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancel);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        return call.ResponseStream.Current.ListServicesResponse.Service;
    }
}
