using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Tests.Pages.Run;

/// <summary>A control server that answers what a test wants.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeNode(WebApplication app) => _app = app;

    public const string Id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";

    /// <summary>Commands as they arrived.</summary>
    public List<string> Commands { get; } = [];

    /// <summary>Answer to a command.</summary>
    public IResult Answer { get; set; } = Results.Json(new { id = "000000000000000000000000000000aa-00000000000000bb" }, statusCode: 202);

    /// <summary>Answer to <c>/info/node</c>.</summary>
    public IResult Switch { get; set; } =
        Results.Json(
            new
            {
                id = Id,
                peers = new object[]
                {
                    new
                    {
                        peer = "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
                        address = "/ip4/127.0.0.1/tcp/4001",
                        latencyMs = 12.5,
                    },
                    new
                    {
                        peer = "<b>strange</b>",
                        address = "/ip4/127.0.0.1/tcp/4002",
                        latencyMs = (double?)null,
                    },
                },
            }
        );

    public Uri Address { get; private set; } = null!;

    public static async Task<FakeNode> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestLineSize = 300_000);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBufferSize = 400_000);
        var server = builder.Build();
        var node = new FakeNode(server);
        server.MapGet("/info/node", () => node.Switch);
        server.MapGet(
            "/cmd",
            (string q, string follow) =>
            {
                node.Commands.Add($"{q} [follow={follow}]");
                return node.Answer;
            }
        );
        await server.StartAsync();
        node.Address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return node;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
