using System.Net;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Gets JSON from a Jaeger's HTTP port, with a limit on size and time.</summary>
internal sealed class JaegerHttp : IDisposable
{
    private const int MaxErrorText = 300;
    private readonly PullOptions _options;
    private readonly HttpClient _http;

    public JaegerHttp(Uri address, PullOptions options)
    {
        _options = options;
        Address = address;
        var handler = options.Access.Handler(address, static sockets => sockets.AutomaticDecompression = DecompressionMethods.GZip);
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(address.GetLeftPart(UriPartial.Authority)),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Scheme, host, port and path.</summary>
    public Uri Address { get; }

    /// <summary>Gets a list of names: the array <paramref name="member"/> of an answer.</summary>
    /// <exception cref="JaegerReadException">There is no whole answer, or it has no such member.</exception>
    public async Task<IReadOnlyList<string>> GetNamesAsync(string path, string member, CancellationToken cancellationToken)
    {
        var body =
            await GetAsync(path, cancellationToken)
            ?? throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{Address} knows no {path}");
        return JsonAnswer.Strings(body, member, Address);
    }

    /// <summary>Gets a body, or null for 404.</summary>
    /// <exception cref="JaegerReadException">There is no whole answer.</exception>
    public async Task<ReadOnlyMemory<byte>?> GetAsync(string pathAndQuery, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(_options.RequestTimeout);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            using var response = await _http.GetAsync(pathAndQuery, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            var body = await ReadAsync(response, linked.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => body,
                HttpStatusCode.NotFound => (ReadOnlyMemory<byte>?)null,
                _ => throw Failed(pathAndQuery, response.StatusCode, body.Span),
            };
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw timer.IsCancellationRequested
                ? new JaegerReadException(JaegerReadProblem.AnswerTooLarge, $"{Address} did not answer within {_options.RequestTimeout}", e)
                : new JaegerReadException(JaegerReadProblem.NotSpoken, $"{Address} did not accept a connection", e);
        }
        catch (HttpRequestException e)
        {
            var unreachable =
                e.HttpRequestError
                is HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError
                    or HttpRequestError.InvalidResponse;
            throw new JaegerReadException(
                unreachable ? JaegerReadProblem.NotSpoken : JaegerReadProblem.Unavailable,
                $"{Address}: {e.Message}",
                e
            );
        }
        catch (IOException e)
        {
            throw new JaegerReadException(JaegerReadProblem.Unavailable, $"{Address}: {e.Message}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + count > _options.MaxMessageBytes)
            {
                throw new JaegerReadException(
                    JaegerReadProblem.AnswerTooLarge,
                    $"{Address} answers more than {_options.MaxMessageBytes} bytes"
                );
            }

            await body.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private JaegerReadException Failed(string pathAndQuery, HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body[..Math.Min(body.Length, MaxErrorText)]);
        var problem = status switch
        {
            _ when text.Contains("search depth", StringComparison.OrdinalIgnoreCase) => JaegerReadProblem.DepthRefused,
            >= HttpStatusCode.InternalServerError when JaegerChannel.TooLarge(text) => JaegerReadProblem.AnswerTooLarge,
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.GatewayTimeout => JaegerReadProblem.AnswerTooLarge,
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout => JaegerReadProblem.Unavailable,
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => JaegerReadProblem.NotSpoken,
            < HttpStatusCode.InternalServerError => JaegerReadProblem.Refused,
            _ => JaegerReadProblem.Unavailable,
        };
        var path = pathAndQuery.Split('?')[0];
        return new JaegerReadException(problem, $"{Address.AbsoluteUri.TrimEnd('/')}{path} answered HTTP {(int)status}: {text.Trim()}");
    }
}
