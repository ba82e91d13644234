using System.Net;
using System.Runtime.CompilerServices;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Something that knows one service and answers every search in the same way, and counts what it is asked.</summary>
internal sealed class OddServer : IAsyncDisposable
{
    private const string Service = "/jaeger.api_v2.QueryService/";
    private readonly WebApplication _app;
    private int _calls;

    private OddServer(WebApplication app) => _app = app;

    /// <summary>Calls so far, of every kind.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public string Source =>
        $"jaeger://127.0.0.1:{new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port}";

    /// <summary>Starts one.</summary>
    /// <param name="search">The answer to a search.</param>
    /// <param name="called">Hears the number of each call as it comes.</param>
    public static async Task<OddServer> StartAsync(
        Func<CancellationToken, IAsyncEnumerable<SpansResponseChunk>> search,
        Action<int>? called = null
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2)
        );
        var server = new OddServer(builder.Build());
        server._app.MapGrpcUnary<GetServicesRequest, GetServicesResponse>(
            Service + "GetServices",
            (_, _) =>
            {
                var number = Interlocked.Increment(ref server._calls);
                called?.Invoke(number);
                return Task.FromResult(new GetServicesResponse { Services = { "kubo" } });
            }
        );
        server._app.MapGrpcServerStreaming<FindTracesRequest, SpansResponseChunk>(
            Service + "FindTraces",
            (_, call) =>
            {
                var number = Interlocked.Increment(ref server._calls);
                called?.Invoke(number);
                return search(call.Cancellation);
            }
        );
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Messages without a span, without end.</summary>
    public static async IAsyncEnumerable<SpansResponseChunk> Nothing([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return new SpansResponseChunk();
        }
    }

    /// <summary>One trace that has ever more spans.</summary>
    public static async IAsyncEnumerable<SpansResponseChunk> OneTrace([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var id = 1L; ; id++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return new SpansResponseChunk
            {
                Spans =
                {
                    new Span
                    {
                        TraceId = ByteString.CopyFrom([.. new byte[15], 1]),
                        SpanId = ByteString.CopyFrom(BitConverter.GetBytes(id)),
                        OperationName = "lookup",
                        StartTime = FakeJaeger.JaegerTime.Timestamp(PullSetup.NowNano - 1000),
                        Process = new Process { ServiceName = "kubo" },
                    },
                },
            };
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
