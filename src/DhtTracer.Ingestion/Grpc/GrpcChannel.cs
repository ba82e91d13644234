using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// Calls the gRPC methods of one server, over HTTP/2 without an upgrade for <c>http://</c> and over TLS for <c>https://</c>. Connections
/// are made when needed and made anew when they break. Every failure but the caller's own cancellation is a <see cref="GrpcException"/>.
/// </summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly HttpClient _http;
    private readonly GrpcChannelOptions _options;

    /// <summary>Makes a channel; nothing is connected yet.</summary>
    /// <param name="address">Scheme, host and port; a path is ignored.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    /// <exception cref="ArgumentException">The address is not http or https.</exception>
    public GrpcChannel(Uri address, GrpcChannelOptions? options = null)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"{address} is not an http or https address", nameof(address));
        }

        _options = options ?? new GrpcChannelOptions();
        Address = new Uri(address.GetLeftPart(UriPartial.Authority));
        _http = new HttpClient(NewHandler(_options)) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The server.</summary>
    public Uri Address { get; }

    /// <summary>Sends one request and waits for its one answer.</summary>
    /// <param name="path">The method as on the wire, such as <c>/jaeger.api_v2.QueryService/GetServices</c>.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long the whole call may take; it is sent along, and kept by this side. Null for no limit.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="GrpcException">The call failed.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        string path,
        TRequest request,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
        where TRequest : IMessage
        where TResponse : IMessage<TResponse>, new()
    {
        using var call = new GrpcClientCall(_http, _options, path, timeout, cancellationToken);
        await call.SendAsync(output => GrpcFraming.Write(output, request, _options.CompressRequests));
        using var message =
            await call.ReadAsync() ?? throw new GrpcException(GrpcStatusCode.Internal, $"{path} ended with success but without an answer");
        var response = Parse<TResponse>(message.Memory, path);
        using var second = await call.ReadAsync();
        return second is null ? response : throw new GrpcException(GrpcStatusCode.Internal, $"{path} answered more than once");
    }

    /// <summary>Sends one request and yields the answers as they arrive. Leaving the loop early cancels the call on the server
    /// too.</summary>
    /// <param name="path">The method as on the wire, such as <c>/jaeger.api_v2.QueryService/FindTraces</c>.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long the whole stream may take. Null for no limit.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="GrpcException">The call failed, possibly after some answers.</exception>
    public async IAsyncEnumerable<TResponse> ServerStreamingAsync<TRequest, TResponse>(
        string path,
        TRequest request,
        TimeSpan? timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
        where TRequest : IMessage
        where TResponse : IMessage<TResponse>, new()
    {
        await foreach (var message in ServerStreamingBytesAsync(path, request, timeout, cancellationToken))
        {
            yield return Parse<TResponse>(message, path);
        }
    }

    /// <summary>As <see cref="ServerStreamingAsync"/>, but yields serialized answers, each good until the next is asked for.</summary>
    /// <exception cref="GrpcException">The call failed, possibly after some answers.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ServerStreamingBytesAsync<TRequest>(
        string path,
        TRequest request,
        TimeSpan? timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
        where TRequest : IMessage
    {
        using var call = new GrpcClientCall(_http, _options, path, timeout, cancellationToken);
        await call.SendAsync(output => GrpcFraming.Write(output, request, _options.CompressRequests));
        while (true)
        {
            using var message = await call.ReadAsync();
            if (message is null)
            {
                yield break;
            }

            yield return message.Memory;
        }
    }

    /// <summary>Sends one serialized request and waits for its one serialized answer.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public async Task<byte[]> UnaryBytesAsync(
        string path,
        ReadOnlyMemory<byte> request,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        using var call = new GrpcClientCall(_http, _options, path, timeout, cancellationToken);
        await call.SendAsync(output => GrpcFraming.Write(output, request, _options.CompressRequests));
        using var message =
            await call.ReadAsync() ?? throw new GrpcException(GrpcStatusCode.Internal, $"{path} ended with success but without an answer");
        var response = message.Memory.ToArray();
        using var second = await call.ReadAsync();
        return second is null ? response : throw new GrpcException(GrpcStatusCode.Internal, $"{path} answered more than once");
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler NewHandler(GrpcChannelOptions options) =>
        new()
        {
            // A proxy would not speak HTTP/2 in the clear, a redirect cannot repeat a call, and our own trace context is no business of the
            // server's.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            InitialHttp2StreamWindowSize = 1024 * 1024,
            // A peer that vanished without a word is noticed in half a minute, also between calls that wait for it.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };

    private static TResponse Parse<TResponse>(ReadOnlyMemory<byte> message, string path)
        where TResponse : IMessage<TResponse>, new()
    {
        try
        {
            var response = new TResponse();
            response.MergeFrom(message.Span);
            return response;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(
                GrpcStatusCode.Internal,
                $"{path} answered something that is not a {typeof(TResponse).Name}: {e.Message}",
                e
            );
        }
    }
}
