using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>The client side of one call, from the request to the status.</summary>
internal sealed class GrpcClientCall : IDisposable
{
    private readonly HttpClient _http;
    private readonly GrpcChannelOptions _options;
    private readonly string _path;
    private readonly TimeSpan? _timeout;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _linked;
    private HttpResponseMessage? _response;
    private PipeReader? _body;
    private string? _encoding;

    public GrpcClientCall(HttpClient http, GrpcChannelOptions options, string path, TimeSpan? timeout, CancellationToken caller)
    {
        _http = http;
        _options = options;
        _path = path;
        _timeout = timeout;
        _caller = caller;
        _deadline = timeout is { } limit
            ? new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.FromTicks(1), options.TimeProvider)
            : new CancellationTokenSource();
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, caller);
    }

    /// <summary>Sends the request and reads the answer's headers.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public async Task SendAsync(Action<IBufferWriter<byte>> write)
    {
        var content = new ArrayBufferWriter<byte>();
        write(content);
        using var request = new HttpRequestMessage(HttpMethod.Post, _path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(content.WrittenMemory)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") },
            },
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", "dht-tracer");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity,gzip");
        if (_options.CompressRequests)
        {
            request.Headers.TryAddWithoutValidation("grpc-encoding", GrpcFraming.Gzip);
        }

        if (_timeout is { } limit)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcText.FormatTimeout(limit));
        }

        await MappedAsync(async () =>
        {
            _response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _linked.Token);
            CheckHeaders(_response);
            _encoding = Header(_response.Headers, "grpc-encoding");
            _body = PipeReader.Create(
                await _response.Content.ReadAsStreamAsync(_linked.Token),
                new StreamPipeReaderOptions(bufferSize: 64 * 1024)
            );
            return true;
        });
    }

    /// <summary>Reads the next answer; null when the stream ended with <see cref="GrpcStatusCode.Ok"/>.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public Task<GrpcMessage?> ReadAsync() =>
        MappedAsync(async () =>
        {
            var message = await GrpcFraming.ReadAsync(_body!, _encoding, _options.MaxReceiveMessageBytes, _linked.Token);
            if (message is null)
            {
                // Trailers are there only once the body was read to its end. A call without answers may carry them as headers instead.
                CheckStatus(Header(_response!.TrailingHeaders, "grpc-status") is null ? _response.Headers : _response.TrailingHeaders);
            }

            return message;
        });

    /// <summary>Ends the call; if it still runs, the server is told by a reset of the stream.</summary>
    public void Dispose()
    {
        _body?.Complete();
        _response?.Dispose();
        _linked.Dispose();
        _deadline.Dispose();
    }

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private static GrpcStatusCode FromHttp(HttpStatusCode status) =>
        (int)status switch
        {
            // https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
            400 => GrpcStatusCode.Internal,
            401 => GrpcStatusCode.Unauthenticated,
            403 => GrpcStatusCode.PermissionDenied,
            404 => GrpcStatusCode.Unimplemented,
            429 or 502 or 503 or 504 => GrpcStatusCode.Unavailable,
            _ => GrpcStatusCode.Unknown,
        };

    private static GrpcStatusCode FromHttp2(long errorCode) =>
        errorCode switch
        {
            // "HTTP2 Transport Mapping" of PROTOCOL-HTTP2.md; what is not listed is a broken connection, which may be tried again.
            0x8 => GrpcStatusCode.Cancelled,
            0xb => GrpcStatusCode.ResourceExhausted,
            0xc => GrpcStatusCode.PermissionDenied,
            _ => GrpcStatusCode.Unavailable,
        };

    private void CheckHeaders(HttpResponseMessage message)
    {
        if (message.StatusCode != HttpStatusCode.OK)
        {
            throw new GrpcException(
                FromHttp(message.StatusCode),
                $"{_path} at {_http.BaseAddress} answered HTTP {(int)message.StatusCode}"
            );
        }

        var type = message.Content.Headers.ContentType?.MediaType;
        if (type?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new GrpcException(
                GrpcStatusCode.Unknown,
                $"{_path} at {_http.BaseAddress} answered {type ?? "no content type"}, not gRPC; is this the gRPC port?"
            );
        }

        if (Header(message.Headers, "grpc-status") is not (null or "0"))
        {
            CheckStatus(message.Headers);
        }
    }

    private void CheckStatus(HttpResponseHeaders headers)
    {
        var text =
            Header(headers, "grpc-status")
            ?? throw new GrpcException(GrpcStatusCode.Unavailable, $"{_path} at {_http.BaseAddress} ended its answer without a status");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new GrpcException(
                GrpcStatusCode.Unknown,
                $"{_path} at {_http.BaseAddress} ended with the status \"{text}\", which is no number"
            );
        }

        if (code != 0)
        {
            var status = Enum.IsDefined((GrpcStatusCode)code) ? (GrpcStatusCode)code : GrpcStatusCode.Unknown;
            throw new GrpcException(status, GrpcText.DecodeMessage(Header(headers, "grpc-message") ?? ""));
        }
    }

    private async Task<T> MappedAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (OperationCanceledException e) when (!_caller.IsCancellationRequested)
        {
            // Not the caller: our own timer, or the handler's limit on connecting.
            throw _deadline.IsCancellationRequested
                ? new GrpcException(GrpcStatusCode.DeadlineExceeded, $"{_path} at {_http.BaseAddress} did not end within {_timeout}", e)
                : new GrpcException(
                    GrpcStatusCode.Unavailable,
                    $"{_http.BaseAddress} did not accept a connection within {_options.ConnectTimeout}",
                    e
                );
        }
        catch (OperationCanceledException)
        {
            throw;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            if (_caller.IsCancellationRequested)
            {
                throw new OperationCanceledException($"{_path} was cancelled", e, _caller);
            }

            if (_deadline.IsCancellationRequested)
            {
                throw new GrpcException(
                    GrpcStatusCode.DeadlineExceeded,
                    $"{_path} at {_http.BaseAddress} did not end within {_timeout}",
                    e
                );
            }

            var reset = e as HttpProtocolException ?? e.InnerException as HttpProtocolException;
            var status = reset is null ? GrpcStatusCode.Unavailable : FromHttp2(reset.ErrorCode);
            throw new GrpcException(status, $"{_path} at {_http.BaseAddress}: {e.Message}", e);
        }
    }
}
