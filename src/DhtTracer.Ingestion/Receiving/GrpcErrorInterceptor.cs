using DhtTracer.Storage;
using DhtTracer.Traces;
using Grpc.Core;
using Grpc.Core.Interceptors;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Gives the errors of the store and of the readers their status: INVALID_ARGUMENT for what cannot be read, UNAVAILABLE for what exporters
/// shall try again (https://opentelemetry.io/docs/specs/otlp/#failures), INTERNAL for a database that fails. Anything else is a fault of
/// ours: UNKNOWN without its text, which goes to the log.
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
