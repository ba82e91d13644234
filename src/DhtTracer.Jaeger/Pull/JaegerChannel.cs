using DhtTracer.Ingestion.Receiving;
using Grpc.Core;
using Grpc.Net.Client;

namespace DhtTracer.Jaeger.Pull;

/// <summary>A gRPC channel to one Jaeger, and what its errors mean.</summary>
internal sealed class JaegerChannel : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly TimeSpan _timeout;

    /// <summary>Makes a channel; nothing is connected yet.</summary>
    public JaegerChannel(Uri address, PullOptions options)
    {
        _timeout = options.RequestTimeout;
        _channel = GrpcChannel.ForAddress(
            address.GetLeftPart(UriPartial.Authority),
            new GrpcChannelOptions
            {
                // An HttpClient, not a handler: with a handler the channel would manage connections itself and hide why one failed.
                HttpClient = new HttpClient(NewHandler(address, options)) { Timeout = Timeout.InfiniteTimeSpan },
                DisposeHttpClient = true,
                MaxReceiveMessageSize = options.MaxMessageBytes,
                CompressionProviders = GrpcReceiving.Compressions(options.MaxMessageBytes),
            }
        );
        Invoker = _channel.CreateCallInvoker();
    }

    /// <summary>What generated clients call through.</summary>
    public CallInvoker Invoker { get; }

    /// <summary>Options of one call: it may take <see cref="PullOptions.RequestTimeout"/>.</summary>
    public CallOptions Options(CancellationToken cancellationToken) =>
        new(deadline: DateTime.UtcNow + _timeout, cancellationToken: cancellationToken);

    public void Dispose() => _channel.Dispose();

    /// <summary>Waits for the next message of an answer.</summary>
    /// <exception cref="JaegerReadException">The answer broke off.</exception>
    public static async ValueTask<bool> NextAsync<T>(IAsyncStreamReader<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.MoveNext(cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // A trace that is no longer there has no spans.
            return false;
        }
        catch (RpcException e)
        {
            throw Translated(e, cancellationToken);
        }
    }

    /// <summary>The answer to a question of one message.</summary>
    /// <exception cref="JaegerReadException">There is none.</exception>
    public async Task<T> OneAsync<T>(Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(Invoker, Options(cancellationToken));
        }
        catch (RpcException e)
        {
            throw Translated(e, cancellationToken);
        }
    }

    /// <summary>What an error means for a pull; the caller's own cancellation stays one.</summary>
    public static Exception Translated(RpcException e, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(e.Status.Detail, e, cancellationToken);
        }

        var problem = e.StatusCode switch
        {
            // Nobody listens, or whoever does speaks another protocol.
            _ when NoConnection(e.Status.DebugException) || NoGrpc(e) => JaegerReadProblem.NotSpoken,
            StatusCode.Internal or StatusCode.Unknown when e.Status.Detail.Contains("search depth", StringComparison.OrdinalIgnoreCase) =>
                JaegerReadProblem.DepthRefused,
            StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted => JaegerReadProblem.AnswerTooLarge,

            // A Jaeger before a remote storage passes on that one trace is larger than a message of the storage may be.
            StatusCode.Internal or StatusCode.Unknown when TooLarge(e.Status.Detail) => JaegerReadProblem.AnswerTooLarge,
            StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument => JaegerReadProblem.Refused,
            StatusCode.Unimplemented => JaegerReadProblem.NotSpoken,
            _ => JaegerReadProblem.Unavailable,
        };
        return new JaegerReadException(problem, $"{e.StatusCode} ({(int)e.StatusCode}): {e.Status.Detail}", e);
    }

    /// <summary>Whether a server's words say that an answer, or a trace in it, is too large to be sent.</summary>
    internal static bool TooLarge(string detail) =>
        detail.Contains("ResourceExhausted", StringComparison.OrdinalIgnoreCase)
        || detail.Contains("larger than max", StringComparison.OrdinalIgnoreCase);

    private static bool NoConnection(Exception? cause) =>
        cause
            is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.HttpProtocolError
                    or HttpRequestError.SecureConnectionError
                    or HttpRequestError.InvalidResponse
                    or HttpRequestError.VersionNegotiationError,
            };

    // The client library's words for an answer of HTTP that is not gRPC.
    private static bool NoGrpc(RpcException e) =>
        e.StatusCode == StatusCode.Cancelled && e.Status.Detail.StartsWith("Bad gRPC response", StringComparison.Ordinal);

    private static HttpMessageHandler NewHandler(Uri address, PullOptions options) =>
        options.Access.Handler(
            address,
            static sockets =>
            {
                sockets.EnableMultipleHttp2Connections = true;
                sockets.InitialHttp2StreamWindowSize = 1024 * 1024;

                // A peer that vanished without a word is noticed in half a minute, also between calls that wait for it.
                sockets.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
                sockets.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
                sockets.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
            }
        );
}
