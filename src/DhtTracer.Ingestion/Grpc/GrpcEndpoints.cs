using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// Maps gRPC methods on Kestrel. The port must speak HTTP/2 only: a cleartext port with both versions refuses HTTP/2 without an upgrade,
/// which is what every gRPC client uses.
/// </summary>
public static class GrpcEndpoints
{
    /// <summary>Maps a method of one request and one answer.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="path">The method as on the wire, such as <c>/jaeger.api_v2.CollectorService/PostSpans</c>.</param>
    /// <param name="handler">Answers; throws <see cref="GrpcException"/> to choose the status of an error.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapGrpcUnary<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        string path,
        Func<TRequest, GrpcServerCall, Task<TResponse>> handler,
        GrpcServerOptions? options = null
    )
        where TRequest : IMessage<TRequest>, new()
        where TResponse : IMessage
    {
        return Map(
            endpoints,
            path,
            options,
            async (bytes, call, reply) => await reply.WriteAsync(await handler(Parse<TRequest>(bytes), call), call.Cancellation)
        );
    }

    /// <summary>Maps a method of one request and one answer whose handler reads and writes serialized messages itself.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="path">The method as on the wire.</param>
    /// <param name="handler">Takes the message, inflated; its memory is good until the handler's task has ended.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapGrpcUnaryBytes(
        this IEndpointRouteBuilder endpoints,
        string path,
        Func<ReadOnlyMemory<byte>, GrpcServerCall, Task<ReadOnlyMemory<byte>>> handler,
        GrpcServerOptions? options = null
    )
    {
        return Map(
            endpoints,
            path,
            options,
            async (bytes, call, reply) => await reply.WriteAsync(await handler(bytes, call), call.Cancellation)
        );
    }

    /// <summary>Maps a method of one request and many answers.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="path">The method as on the wire, such as <c>/jaeger.api_v2.QueryService/FindTraces</c>.</param>
    /// <param name="handler">Answers; its enumerator gets the call's cancellation. Each answer is sent before the next is asked
    /// for.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapGrpcServerStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        string path,
        Func<TRequest, GrpcServerCall, IAsyncEnumerable<TResponse>> handler,
        GrpcServerOptions? options = null
    )
        where TRequest : IMessage<TRequest>, new()
        where TResponse : IMessage
    {
        return Map(
            endpoints,
            path,
            options,
            async (bytes, call, reply) =>
            {
                await foreach (var answer in Enumerated(handler(Parse<TRequest>(bytes), call), call))
                {
                    await reply.WriteAsync(answer, call.Cancellation);
                }
            }
        );
    }

    /// <summary>Maps a method of one request and many answers whose handler reads and writes serialized messages itself.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="path">The method as on the wire.</param>
    /// <param name="handler">Takes the message, inflated; its memory is good until the last answer was sent.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IEndpointConventionBuilder MapGrpcServerStreamingBytes(
        this IEndpointRouteBuilder endpoints,
        string path,
        Func<ReadOnlyMemory<byte>, GrpcServerCall, IAsyncEnumerable<ReadOnlyMemory<byte>>> handler,
        GrpcServerOptions? options = null
    )
    {
        return Map(
            endpoints,
            path,
            options,
            async (bytes, call, reply) =>
            {
                await foreach (var answer in Enumerated(handler(bytes, call), call))
                {
                    await reply.WriteAsync(answer, call.Cancellation);
                }
            }
        );
    }

    /// <summary>
    /// Answers every other gRPC call with <see cref="GrpcStatusCode.Unimplemented"/>, naming the method, where a bare HTTP 404 would leave
    /// the caller guessing. Anything that is not gRPC stays a 404.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcUnimplemented(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapFallback("{**path}", GrpcServerReply.UnimplementedAsync);

    private static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder endpoints,
        string path,
        GrpcServerOptions? options,
        Func<ReadOnlyMemory<byte>, GrpcServerCall, GrpcServerReply, Task> handler
    )
    {
        return endpoints
            .MapPost(path, context => GrpcServerReply.RunAsync(context, options ?? GrpcServerOptions.Default, handler))
            .WithDisplayName($"gRPC {path}");
    }

    private static ConfiguredCancelableAsyncEnumerable<T> Enumerated<T>(IAsyncEnumerable<T> answers, GrpcServerCall call) =>
        answers.WithCancellation(call.Cancellation);

    private static TRequest Parse<TRequest>(ReadOnlyMemory<byte> bytes)
        where TRequest : IMessage<TRequest>, new()
    {
        try
        {
            var request = new TRequest();
            request.MergeFrom(bytes.Span);
            return request;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"the request is not a {typeof(TRequest).Name}: {e.Message}", e);
        }
    }
}
