using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Jaeger.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Tests.Health;

/// <summary>The health port, in the shape of the OpenTelemetry Collector's.</summary>
public sealed class HealthEndpointTests
{
    [Fact]
    public async Task It_is_200_while_the_archive_answers()
    {
        var (status, json) = await AskAsync(HealthCheckResult.Healthy());
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((bool)json["healthy"]!);
        Assert.Equal("StatusOK", (string)json["status"]!);
        Assert.Null(json["error"]);
    }

    [Fact]
    public async Task It_is_503_with_the_reason_when_it_does_not()
    {
        var (status, json) = await AskAsync(HealthCheckResult.Unhealthy("the disk is full"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.False((bool)json["healthy"]!);
        Assert.Equal("StatusRecoverableError", (string)json["status"]!);
        Assert.Equal("the disk is full", (string)json["error"]!);
    }

    [Fact]
    public async Task It_stays_200_and_says_why_while_analyses_cannot_be_saved()
    {
        var (status, json) = await AskAsync(HealthCheckResult.Healthy(), HealthCheckResult.Degraded("no such column"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((bool)json["healthy"]!);
        Assert.Equal("StatusRecoverableError", (string)json["status"]!);
        Assert.Equal("no such column", (string)json["error"]!);
    }

    private static async Task<(HttpStatusCode Status, JsonNode Json)> AskAsync(
        HealthCheckResult archive,
        HealthCheckResult? analysis = null
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder
            .Services.AddHealthChecks()
            .AddCheck(HealthEndpoint.CheckName, () => archive)
            .AddCheck(HealthEndpoint.AnalysisCheckName, () => analysis ?? HealthCheckResult.Healthy())
            .AddCheck("another", () => HealthCheckResult.Unhealthy());
        await using var app = builder.Build();
        app.MapHealth(TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        using var response = await http.GetAsync("/status", TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }
}
