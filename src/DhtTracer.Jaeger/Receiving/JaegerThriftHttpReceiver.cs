using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Thrift;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>Jaeger's collector over HTTP, port 14268: <c>POST /api/traces</c> takes one batch in binary Thrift and answers 202.</summary>
public static class JaegerThriftHttpReceiver
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "jaeger-thrift-http";

    private const string Path = "/api/traces";
    private static readonly string[] ContentTypes = ["application/x-thrift", "application/vnd.apache.thrift.binary"];

    /// <summary>Maps the receiver.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="sink">Where spans go.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapJaegerThriftHttp(
        this IEndpointRouteBuilder endpoints,
        SpanSink sink,
        JaegerReceiverOptions? options = null
    )
    {
        endpoints.MapOthers(HttpMethods.Post, Path, "one Batch in binary Thrift.", (Name, sink.Statistics));
        return endpoints.MapPost(Path, context => ReceiveAsync(context, sink, options ?? new JaegerReceiverOptions()));
    }

    private static Task ReceiveAsync(HttpContext context, SpanSink sink, JaegerReceiverOptions options)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim() ?? "";
        return ContentTypes.Contains(type, StringComparer.OrdinalIgnoreCase)
            ? HttpSpanReceiver.ReceiveAsync(
                context,
                sink,
                Name,
                options,
                static (body, rejected) => JaegerThrift.Decode(body, ThriftProtocol.Binary, rejected)
            )
            : HttpSpanReceiver.RefuseAsync(
                context,
                sink,
                Name,
                StatusCodes.Status400BadRequest,
                $"Content-Type must be {string.Join(" or ", ContentTypes)}: one Batch in binary Thrift."
            );
    }
}
