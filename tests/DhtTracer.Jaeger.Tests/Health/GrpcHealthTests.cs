using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.Tests.Receiving;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace DhtTracer.Jaeger.Tests.Health;

/// <summary><c>grpc.health.v1.Health</c>, asked through its own client.</summary>
public class GrpcHealthTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("opentelemetry.proto.collector.trace.v1.TraceService")]
    [InlineData("jaeger.api_v2.CollectorService")]
    [InlineData("jaeger.api_v2.QueryService")]
    [InlineData("jaeger.api_v3.QueryService")]
    public async Task The_port_and_each_of_its_services_serve_while_the_database_answers(string service)
    {
        await using var host = await StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address);
        Assert.Equal(Status.Serving, await CheckAsync(channel, service));
    }

    [Fact]
    public async Task Another_service_is_not_found()
    {
        await using var host = await StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => CheckAsync(channel, "jaeger.api_v9.QueryService"));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_watch_says_at_once_how_things_are()
    {
        await using var host = await StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address);
        using var watch = new Grpc.Health.V1.Health.HealthClient(channel).Watch(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(Status.Serving, watch.ResponseStream.Current.Status);
    }

    [Theory]
    [InlineData(HealthStatus.Healthy, HealthStatus.Healthy, Status.Serving)]
    [InlineData(HealthStatus.Unhealthy, HealthStatus.Healthy, Status.NotServing)]
    [InlineData(HealthStatus.Healthy, HealthStatus.Degraded, Status.Serving)]
    public async Task It_serves_while_spans_are_stored_even_if_analyses_are_not(
        HealthStatus database,
        HealthStatus analysis,
        Status expected
    )
    {
        await using var host = await StartAsync(services =>
            services.Configure<HealthCheckServiceOptions>(options =>
            {
                options.Registrations.Clear();
                options.Registrations.Add(Fixed(HealthEndpoint.CheckName, database));
                options.Registrations.Add(Fixed(HealthEndpoint.AnalysisCheckName, analysis));
            })
        );
        using var channel = GrpcChannel.ForAddress(host.Address);
        Assert.Equal(expected, await CheckAsync(channel, ""));
        Assert.Equal(expected, await CheckAsync(channel, "jaeger.api_v3.QueryService"));
    }

    [Fact]
    public async Task Closing_the_database_ends_serving()
    {
        await using var host = await StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address);
        Assert.Equal(Status.Serving, await CheckAsync(channel, ""));
        await host.Store.DisposeAsync();
        Assert.Equal(Status.NotServing, await CheckAsync(channel, ""));
    }

    private static HealthCheckRegistration Fixed(string name, HealthStatus status) =>
        new(name, _ => new FixedCheck(status), HealthStatus.Unhealthy, []);

    private static async Task<Status> CheckAsync(GrpcChannel channel, string service) =>
        (
            await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(
                new HealthCheckRequest { Service = service },
                cancellationToken: Cancel
            )
        ).Status;

    private static Task<ReceiverHost> StartAsync(Action<IServiceCollection>? change = null) =>
        ReceiverHost.StartAsync(
            (app, _, _) => app.MapGrpcHealth(),
            HttpProtocols.Http2,
            services =>
            {
                services.AddGrpcHealth();
                change?.Invoke(services);
            }
        );

    private sealed class FixedCheck(HealthStatus status) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(new HealthCheckResult(status));
    }
}
