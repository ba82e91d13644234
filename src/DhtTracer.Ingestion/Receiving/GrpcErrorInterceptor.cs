using DhtTracer.Storage;
using DhtTracer.Traces.Formats;
using Grpc.Core;
using Grpc.Core.Interceptors;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Maps errors of the store and of the readers to a status: INVALID_ARGUMENT for unreadable input, UNAVAILABLE for errors that exporters
/// should retry (https://opentelemetry.io/docs/specs/otlp/#failures), INTERNAL for database failures. Any other error is a bug: UNKNOWN
/// without its text, which is logged.
/// </summary>
internal sealed class GrpcErrorInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (Status(error) is { } status)
        {
            throw new RpcException(status);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception error) when (Status(error) is { } status)
        {
            throw new RpcException(status);
        }
    }

    private static Status? Status(Exception error) =>
        error switch
        {
            TraceFormatException => new Status(StatusCode.InvalidArgument, error.Message, error),
            StoreOverloadedException or DatabaseException { IsTransient: true } => new Status(StatusCode.Unavailable, error.Message, error),
            DatabaseException => new Status(StatusCode.Internal, error.Message, error),
            _ => null,
        };
}
