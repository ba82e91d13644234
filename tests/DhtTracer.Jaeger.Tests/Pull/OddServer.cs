using System.Net;
using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Grpc.Core;
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
    private readonly WebApplication _app;
    private readonly Counter _counter;

    private OddServer(WebApplication app, Counter counter)
    {
        _app = app;
        _counter = counter;
    }

    /// <summary>Calls so far, of every kind.</summary>
    public int Calls => _counter.Count;

    public string Source
    {
        get
        {
            var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            return $"jaeger://127.0.0.1:{new Uri(addresses.Single()).Port}";
        }
    }

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
        builder.Services.AddGrpc();
        var counter = new Counter(called);
        builder.Services.AddSingleton(new Answers(counter, search));
        var server = new OddServer(builder.Build(), counter);
        server._app.MapGrpcService<Answers>();
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

    private sealed class Counter(Action<int>? called)
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Called() => Hear(Interlocked.Increment(ref _count));

        private void Hear(int number) => called?.Invoke(number);
    }

    private sealed class Answers(Counter counter, Func<CancellationToken, IAsyncEnumerable<SpansResponseChunk>> search)
        : QueryService.QueryServiceBase
    {
        public override Task<GetServicesResponse> GetServices(GetServicesRequest request, ServerCallContext context)
        {
            counter.Called();
            return Task.FromResult(new GetServicesResponse { Services = { "kubo" } });
        }

        public override async Task FindTraces(
            FindTracesRequest request,
            IServerStreamWriter<SpansResponseChunk> responseStream,
            ServerCallContext context
        )
        {
            counter.Called();
            await foreach (var chunk in search(context.CancellationToken))
            {
                await responseStream.WriteAsync(chunk, context.CancellationToken);
            }
        }
    }
}
