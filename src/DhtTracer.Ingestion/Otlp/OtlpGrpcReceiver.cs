using DhtTracer.Ingestion.Grpc;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>OTLP over gRPC (opentelemetry.io/docs/specs/otlp/#otlpgrpc). Answers after the commit, never before.</summary>
public static class OtlpGrpcReceiver
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "otlp-grpc";

    /// <summary>The method as on the wire.</summary>
    public const string ExportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    /// <summary>Maps the receiver.</summary>
    /// <param name="endpoints">Where to map; the port speaks HTTP/2 only.</param>
    /// <param name="sink">Where spans go.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapOtlpGrpc(this IEndpointRouteBuilder endpoints, SpanSink sink, OtlpOptions? options = null)
    {
        var limits = new GrpcServerOptions { MaxReceiveMessageBytes = (options ?? new OtlpOptions()).MaxInflatedBytes };
        endpoints.MapGrpcUnimplemented();
        return endpoints.MapGrpcUnaryBytes(ExportPath, (message, call) => ExportAsync(sink, message, call), limits);
    }

    private static async Task<ReadOnlyMemory<byte>> ExportAsync(SpanSink sink, ReadOnlyMemory<byte> message, GrpcServerCall call)
    {
        try
        {
            return OtlpAnswers.Success(await sink.AcceptOtlpAsync(message, Name, call.Cancellation), json: false);
        }
        catch (TraceFormatException error)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, error.Message, error);
        }
        catch (Exception error) when (error is StoreOverloadedException or DatabaseException { IsTransient: true })
        {
            // Unavailable is what an exporter tries again: https://opentelemetry.io/docs/specs/otlp/#failures
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
        catch (DatabaseException error)
        {
            throw new GrpcException(GrpcStatusCode.Internal, error.Message, error);
        }
    }
}
