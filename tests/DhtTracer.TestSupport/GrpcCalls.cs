using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace DhtTracer.TestSupport;

/// <summary>Calls methods by their path on the wire, with messages or with bytes that are none.</summary>
public static class GrpcCalls
{
    private static readonly Marshaller<byte[]> Bytes = new(static bytes => bytes, static bytes => bytes);

    public static async Task<byte[]> UnaryBytesAsync(
        this GrpcChannel channel,
        string path,
        ReadOnlyMemory<byte> request,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => await Unary(channel, path, Bytes, Bytes, request.ToArray(), new CallOptions(null, DateTime.UtcNow + timeout, cancellationToken));

    public static async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        this GrpcChannel channel,
        string path,
        TRequest request,
        TimeSpan timeout,
        CancellationToken cancellationToken,
        string? compression = null
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var headers = new Metadata();
        if (compression is not null)
        {
            headers.Add("grpc-internal-encoding-request", compression);
        }

        var options = new CallOptions(headers, DateTime.UtcNow + timeout, cancellationToken);
        return await Unary(channel, path, Of<TRequest>(), Of<TResponse>(), request, options);
    }

    public static async IAsyncEnumerable<TResponse> ServerStreamingAsync<TRequest, TResponse>(
        this GrpcChannel channel,
        string path,
        TRequest request,
        TimeSpan timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var (service, name) = Split(path);
        var method = new Method<TRequest, TResponse>(MethodType.ServerStreaming, service, name, Of<TRequest>(), Of<TResponse>());
        using var call = channel
            .CreateCallInvoker()
            .AsyncServerStreamingCall(method, null, new CallOptions(null, DateTime.UtcNow + timeout, cancellationToken), request);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            yield return call.ResponseStream.Current;
        }
    }

    private static AsyncUnaryCall<TResponse> Unary<TRequest, TResponse>(
        GrpcChannel channel,
        string path,
        Marshaller<TRequest> request,
        Marshaller<TResponse> response,
        TRequest message,
        CallOptions options
    )
        where TRequest : class
        where TResponse : class
    {
        var (service, name) = Split(path);
        var method = new Method<TRequest, TResponse>(MethodType.Unary, service, name, request, response);
        return channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, message);
    }

    private static (string Service, string Name) Split(string path)
    {
        var parts = path.Trim('/').Split('/');
        return (parts[0], parts[1]);
    }

    private static Marshaller<T> Of<T>()
        where T : class, IMessage<T>, new() => new(static message => message.ToByteArray(), new MessageParser<T>(() => new T()).ParseFrom);
}
