using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Traces.Zipkin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>Zipkin's JSON v2, port 9411: <c>POST /api/v2/spans</c> takes an array of spans and answers 202
/// (https://zipkin.io/zipkin-api/).</summary>
public static class ZipkinReceiver
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "zipkin";

    private const string Path = "/api/v2/spans";

    /// <summary>Maps the receiver.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="sink">Where spans go.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapZipkin(
        this IEndpointRouteBuilder endpoints,
        SpanSink sink,
        JaegerReceiverOptions? options = null
    )
    {
        endpoints.MapOthers(HttpMethods.Post, Path, "Zipkin's JSON v2. Version 1 is not taken.", (Name, sink.Statistics));
        return endpoints.MapPost(Path, context => ReceiveAsync(context, sink, options ?? new JaegerReceiverOptions()));
    }

    private static Task ReceiveAsync(HttpContext context, SpanSink sink, JaegerReceiverOptions options)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim() ?? "";
        return type.Length == 0 || string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase)
            ? HttpSpanReceiver.ReceiveAsync(context, sink, Name, options, static (body, rejected) => ZipkinJson.Decode(body, rejected))
            : HttpSpanReceiver.RefuseAsync(
                context,
                sink,
                Name,
                StatusCodes.Status415UnsupportedMediaType,
                "Content-Type must be application/json: Zipkin's JSON v2."
            );
    }
}
