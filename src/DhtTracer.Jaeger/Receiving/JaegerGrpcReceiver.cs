using DhtTracer.Ingestion.Grpc;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>Jaeger's collector over gRPC, port 14250: <c>jaeger.api_v2.CollectorService/PostSpans</c>. Answers after the commit, never
/// before.</summary>
public static class JaegerGrpcReceiver
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "jaeger-grpc";

    /// <summary>The method as on the wire.</summary>
    public const string PostSpansPath = "/jaeger.api_v2.CollectorService/PostSpans";

    /// <summary>Maps the receiver.</summary>
    /// <param name="endpoints">Where to map; the port speaks HTTP/2 only.</param>
    /// <param name="sink">Where spans go.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapJaegerGrpc(
        this IEndpointRouteBuilder endpoints,
        SpanSink sink,
        JaegerReceiverOptions? options = null
    )
    {
        var limits = new GrpcServerOptions { MaxReceiveMessageBytes = (options ?? new JaegerReceiverOptions()).MaxMessageBytes };
        endpoints.MapGrpcUnimplemented();
        return endpoints.MapGrpcUnary<PostSpansRequest, PostSpansResponse>(
            PostSpansPath,
            (request, call) => PostAsync(sink, request, call),
            limits
        );
    }

    private static async Task<PostSpansResponse> PostAsync(SpanSink sink, PostSpansRequest request, GrpcServerCall call)
    {
        if (request.Batch is not { } batch)
        {
            sink.Statistics.CountRefused(Name, "the request holds no batch");
            throw new GrpcException(GrpcStatusCode.InvalidArgument, "the request holds no batch");
        }

        var rejected = new List<RejectedSpan>();
        var spans = JaegerModel.Decode(batch.Spans, batch.Process, rejected);
        if (spans.Count == 0 && rejected.Count > 0)
        {
            // Jaeger's answer has no room for a partial success; a batch of which nothing can be kept is an error all the same.
            sink.Statistics.CountRefused(Name, $"none of {rejected.Count} spans can be kept, the first because {rejected[0].Problem}");
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"none of {rejected.Count} spans can be kept, the first because {rejected[0].Problem}"
            );
        }

        try
        {
            await sink.AcceptAsync(spans, Name, null, call.Cancellation);
            sink.Statistics.CountRejected(Name, rejected.Count);
            return new PostSpansResponse();
        }
        catch (Exception error) when (error is StoreOverloadedException or DatabaseException { IsTransient: true })
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
        catch (DatabaseException error)
        {
            throw new GrpcException(GrpcStatusCode.Internal, error.Message, error);
        }
    }
}
