using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>
/// Calls the RPC API of one Kubo (<see href="https://docs.ipfs.tech/reference/kubo/rpc/"/>). It calls only this address, without proxy or
/// redirects. Requests have no Origin header, because the API would refuse it. Over 300 lines, because every refusal has its words here.
/// </summary>
public sealed class KuboRpcClient : IDisposable
{
    private const int MostErrorText = 300;
    private const int LongestSmallAnswer = 1024 * 1024;

    /// <summary>A peer takes about 2 kB, and a daemon can have some thousand connections.</summary>
    private const int LongestPeersAnswer = 32 * 1024 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdentityTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;

    /// <summary>Creates a client. Does not connect yet.</summary>
    /// <param name="address">The daemon.</param>
    /// <param name="authorization">The credentials; null for none.</param>
    public KuboRpcClient(KuboAddress address, KuboAuthorization? authorization = null)
    {
        Address = address;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
        };
        if (address.UnixSocket is { } path)
        {
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation);
        }

        _http = new HttpClient(handler) { BaseAddress = address.Url, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("user-agent", "dht-tracer");
        _http.DefaultRequestHeaders.Authorization = authorization?.Header;
    }

    /// <summary>The daemon.</summary>
    public KuboAddress Address { get; }

    /// <summary>Asks for the daemon's identity.</summary>
    /// <exception cref="KuboException">The daemon does not answer, or is not a Kubo.</exception>
    public async Task<KuboIdentity> IdentityAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(IdentityTimeout);
        try
        {
            using var response = await SendAsync("api/v0/id", null, null, limit.Token);
            using var json = JsonDocument.Parse(await ReadSmallAsync(response, limit.Token));
            return json.RootElement.TryGetProperty("ID", out var id) && id.GetString() is { Length: > 0 } text
                ? new KuboIdentity(text, json.RootElement.TryGetProperty("AgentVersion", out var agent) ? agent.GetString() : null)
                : throw NotKubo("its answer to 'id' names no ID");
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new KuboException(
                KuboProblem.Unreachable,
                $"The Kubo on {Address} did not answer within {IdentityTimeout.TotalSeconds:0} seconds. Is it overloaded?",
                late
            );
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw NotKubo("its answer to 'id' is no JSON object", wrong);
        }
    }

    /// <summary>Asks for the daemon's connected peers.</summary>
    /// <exception cref="KuboException">The daemon does not answer within 5 seconds, or does not know the command: versions before 0.20 do
    /// not report agents.</exception>
    public async Task<IReadOnlyList<KuboPeer>> ConnectedPeersAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(IdentityTimeout);
        try
        {
            using var response = await SendAsync("api/v0/swarm/peers?identify=true&latency=true", null, null, limit.Token);
            return KuboPeers.Parse(await ReadSmallAsync(response, limit.Token, LongestPeersAnswer));
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new KuboException(KuboProblem.Unreachable, $"The Kubo on {Address} did not list its peers in time.", late);
        }
        catch (JsonException wrong)
        {
            throw NotKubo("its answer to 'swarm/peers' is no JSON object", wrong);
        }
    }

    /// <summary>
    /// Starts a command and returns when the daemon starts to answer: at the first event, or at the end of a command without events.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="parent">Trace and span that become the parent of the daemon's own spans.</param>
    /// <param name="cancellation">Closes the request, which stops the command in the daemon.</param>
    /// <exception cref="KuboException">The daemon does not run the command. A command that ran and failed gives an answer with an error
    /// line instead.</exception>
    public async Task<KuboAnswer> BeginAsync(KuboCommand command, QueryId parent, CancellationToken cancellation)
    {
        var response = await SendAsync(command.PathAndQuery, command.Value, parent, cancellation);
        try
        {
            return response.StatusCode == HttpStatusCode.OK
                ? new KuboAnswer(Address, response, await response.Content.ReadAsStreamAsync(cancellation))
                : KuboAnswer.OfError(Address, response, await FailedAsync(response, cancellation));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Asks for the level of a logger; null when the daemon does not tell it, as old versions.</summary>
    /// <exception cref="KuboException">The daemon does not answer.</exception>
    public async Task<string?> LogLevelAsync(string logger, CancellationToken cancellation)
    {
        try
        {
            var answer = await AnswerAsync($"log/level?arg={Uri.EscapeDataString(logger)}", cancellation);
            using var json = JsonDocument.Parse(answer);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("Levels", out var levels)
                && levels.ValueKind == JsonValueKind.Object
                && levels.TryGetProperty(logger, out var level)
                && level.ValueKind == JsonValueKind.String
                ? level.GetString()
                : null;
        }
        catch (KuboException refused) when (refused.Problem is KuboProblem.Refused)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Sets the level of a logger.</summary>
    /// <exception cref="KuboException">The daemon does not answer, or refuses.</exception>
    public Task SetLogLevelAsync(string logger, string level, CancellationToken cancellation) =>
        AnswerAsync($"log/level?arg={Uri.EscapeDataString(logger)}&arg={Uri.EscapeDataString(level)}", cancellation);

    /// <summary>Streams the log, from now on.</summary>
    /// <param name="level">Lines of this level and above.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="KuboException">The daemon does not answer, or refuses.</exception>
    public async Task<KuboLogStream> LogTailAsync(string level, CancellationToken cancellation)
    {
        var response = await SendAsync($"api/v0/log/tail?log-level={Uri.EscapeDataString(level)}", null, null, cancellation);
        try
        {
            return response.StatusCode == HttpStatusCode.OK
                ? new KuboLogStream(Address, response, await response.Content.ReadAsStreamAsync(cancellation))
                : throw new KuboException(
                    KuboProblem.Refused,
                    $"The Kubo on {Address} does not stream its log: {await FailedAsync(response, cancellation)}"
                );
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The whole answer of a command that answers at once, such as <c>provide/stat</c>.</summary>
    /// <param name="commandAndQuery">The command and its options.</param>
    /// <param name="cancellation">Closes the request.</param>
    /// <exception cref="KuboException">The daemon does not answer within 5 seconds, or refuses.</exception>
    public async Task<string> AnswerAsync(string commandAndQuery, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(IdentityTimeout);
        try
        {
            using var response = await SendAsync("api/v0/" + commandAndQuery, null, null, limit.Token);
            return response.StatusCode == HttpStatusCode.OK
                ? Encoding.UTF8.GetString(await ReadSmallAsync(response, limit.Token, LongestPeersAnswer))
                : throw new KuboException(
                    KuboProblem.Refused,
                    $"The Kubo on {Address} refuses the command: {await FailedAsync(response, limit.Token)}"
                );
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new KuboException(KuboProblem.Unreachable, $"The Kubo on {Address} did not answer in time.", late);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request. Returns responses with status 200, or with 500 and a message of the daemon.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        string pathAndQuery,
        ReadOnlyMemory<byte>? file,
        QueryId? parent,
        CancellationToken cancellation
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, pathAndQuery);
        if (file is { IsEmpty: false } value)
        {
            request.Content = new MultipartFormDataContent { { new ReadOnlyMemoryContent(value), "file", "value" } };
        }

        if (parent is { } above)
        {
            request.Headers.TryAddWithoutValidation("traceparent", $"00-{above.TraceId}-{above.SpanId}-01");
        }

        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException failure)
        {
            throw Unreachable(failure);
        }
        catch (TaskCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new KuboException(
                KuboProblem.Unreachable,
                $"The Kubo on {Address} accepts no connection within {ConnectTimeout.TotalSeconds:0} seconds. Check the address.",
                late
            );
        }

        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.InternalServerError)
        {
            return response;
        }

        using (response)
        {
            throw Refused(response.StatusCode, await TextAsync(response, cancellation));
        }
    }

    /// <summary>The daemon's message for a command that failed before its first event.</summary>
    private async Task<string> FailedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await ReadSmallAsync(response, cancellation);
        if (!KuboLine.TryParse(body, out var line, out _) || line.Error is not { } error)
        {
            throw NotKubo($"HTTP {(int)response.StatusCode}: {Short(Encoding.UTF8.GetString(body))}");
        }

        if (error.Contains("routing service is not a DHT", StringComparison.OrdinalIgnoreCase))
        {
            throw new KuboException(
                KuboProblem.NoDht,
                $"The Kubo on {Address} says: {error}. Its Routing.Type is custom, none or delegated; dht/query needs auto, dht, "
                    + "dhtclient or dhtserver."
            );
        }

        return error.Contains("must be run in online mode", StringComparison.OrdinalIgnoreCase)
            ? throw new KuboException(
                KuboProblem.NoDht,
                $"The Kubo on {Address} is offline: {error}. Start it with 'ipfs daemon', without --offline."
            )
            : error;
    }

    private KuboException Refused(HttpStatusCode status, string text) =>
        status switch
        {
            // Kubo answers 403 to a missing or wrong authorization. A proxy in front of it answers 401.
            HttpStatusCode.Forbidden
            or HttpStatusCode.Unauthorized
                when status == HttpStatusCode.Unauthorized || text.Contains("authorization", StringComparison.OrdinalIgnoreCase) =>
                new KuboException(
                    KuboProblem.Unauthorized,
                    $"The Kubo on {Address} wants an authorization ({(int)status}): give --kubo-auth bearer:TOKEN or "
                        + "basic:USER:PASSWORD of its API.Authorizations whose AllowedPaths hold the command, or set "
                        + $"{KuboAuthorization.Variable}."
                ),
            HttpStatusCode.Forbidden => new KuboException(
                KuboProblem.Forbidden,
                $"The Kubo on {Address} refuses the request (403): {text} DhtTracer sends no Origin; a proxy before the API may add "
                    + "one that API.HTTPHeaders does not allow."
            ),
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound => NotKubo(
                $"HTTP {(int)status}. The RPC API listens on port 5001 by default (Addresses.API), not on the gateway's"
            ),
            HttpStatusCode.BadRequest => new KuboException(KuboProblem.Refused, $"The Kubo on {Address} does not take the command: {text}"),
            _ => NotKubo($"HTTP {(int)status}: {text}"),
        };

    private KuboException Unreachable(HttpRequestException failure) =>
        failure switch
        {
            { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => new KuboException(
                KuboProblem.Unreachable,
                $"No Kubo listens on {Address}: start 'ipfs daemon', or give --kubo its address (Addresses.API).",
                failure
            ),
            { HttpRequestError: HttpRequestError.NameResolutionError } => new KuboException(
                KuboProblem.Unreachable,
                $"The name of {Address} is not known: check the address.",
                failure
            ),
            { HttpRequestError: HttpRequestError.ResponseEnded } => new KuboException(
                KuboProblem.Cut,
                $"The Kubo on {Address} closed the connection without an answer. Was it stopped?",
                failure
            ),
            _ => new KuboException(KuboProblem.Unreachable, $"The Kubo on {Address} cannot be reached: {Short(failure.Message)}", failure),
        };

    private KuboException NotKubo(string what, Exception? cause = null) =>
        new(KuboProblem.NotKubo, $"What answers on {Address} is no RPC API of a Kubo: {what}.", cause);

    private async Task<string> TextAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        Short(Encoding.UTF8.GetString(await ReadSmallAsync(response, cancellation)));

    private async Task<byte[]> ReadSmallAsync(
        HttpResponseMessage response,
        CancellationToken cancellation,
        int longest = LongestSmallAnswer
    )
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(longest, cancellation);
            return await response.Content.ReadAsByteArrayAsync(cancellation);
        }
        catch (HttpRequestException failure)
        {
            throw new KuboException(KuboProblem.Cut, $"The Kubo on {Address} did not answer to the end: {Short(failure.Message)}", failure);
        }
    }

    private static string Short(string text) =>
        text.Trim() is { Length: > MostErrorText } whole ? whole[..MostErrorText] + "…" : text.Trim();
}
