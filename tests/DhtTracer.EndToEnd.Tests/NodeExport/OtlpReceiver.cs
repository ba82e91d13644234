using System.Collections.Concurrent;
using System.IO.Compression;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.EndToEnd.Tests.NodeExport;

/// <summary>Takes whatever is sent by OTLP, and keeps how it was sent.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Path, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<Span> Spans)> Requests { get; } = [];

    public IEnumerable<Span> Spans => Requests.SelectMany(request => request.Spans);

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    public static async Task<OtlpReceiver> StartAsync(bool grpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                System.Net.IPAddress.Loopback,
                0,
                endpoint => endpoint.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1
            )
        );
        var take = new Taking();
        builder.Services.AddSingleton(take).AddGrpc();
        var receiver = new OtlpReceiver(builder.Build());
        if (grpc)
        {
            // The exporter sends one request at a time.
            IReadOnlyDictionary<string, string> seen = new Dictionary<string, string>();
            receiver._app.Use(
                (context, next) =>
                {
                    seen = Headers(context);
                    return next(context);
                }
            );
            receiver._app.MapGrpcService<Taking>();
            take.Message = bytes => receiver.Requests.Enqueue((OtlpGrpcReceiver.ExportMethod.FullName, seen, OtlpProtobuf.Decode(bytes)));
        }
        else
        {
            receiver._app.MapPost("/{**path}", receiver.TakeAsync);
        }

        await receiver._app.StartAsync();
        receiver.Address = new Uri(
            receiver._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        );
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Dictionary<string, string> Headers(HttpContext context) =>
        context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await using (
            var content =
                context.Request.Headers.ContentEncoding == "gzip"
                    ? new GZipStream(context.Request.Body, CompressionMode.Decompress)
                    : context.Request.Body
        )
        {
            await content.CopyToAsync(body, context.RequestAborted);
        }

        var isJson = context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) == true;
        Requests.Enqueue(
            (context.Request.Path, Headers(context), isJson ? OtlpJson.Decode(body.ToArray()) : OtlpProtobuf.Decode(body.ToArray()))
        );
    }

    private sealed class Taking : OtlpTraceServiceBase
    {
        public Action<ReadOnlyMemory<byte>> Message { get; set; } = _ => { };

        public override Task<byte[]> Export(ReceivedMessage request, ServerCallContext context)
        {
            using (request)
            {
                Message(request.Memory);
            }

            return Task.FromResult<byte[]>([]);
        }
    }
}
