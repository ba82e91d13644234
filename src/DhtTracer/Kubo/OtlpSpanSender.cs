using System.Net.Http.Headers;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Grpc.Core;
using Grpc.Net.Client;

namespace DhtTracer.Kubo;

/// <summary>
/// Sends spans by OTLP to a main process or a Collector. Endpoint and protocol come from <c>OTEL_EXPORTER_OTLP_*</c> unless an option
/// overrides them. The default is gRPC, as in the SDK that sends our own node's spans.
/// </summary>
internal sealed class OtlpSpanSender : IDisposable
{
    private const string HttpPath = "v1/traces";
    private static readonly Marshaller<byte[]> Bytes = new(static bytes => bytes, static bytes => bytes);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly Method<byte[], byte[]> ExportMethod = new(
        MethodType.Unary,
        OtlpGrpcReceiver.ServiceName,
        "Export",
        Bytes,
        Bytes
    );

    private readonly GrpcChannel? _grpc;
    private readonly HttpClient? _http;

    /// <summary>Creates a sender. Does not connect yet.</summary>
    /// <param name="endpoint">The endpoint; null for the variables, else this machine's receiver.</param>
    public OtlpSpanSender(Uri? endpoint)
    {
        var overHttp = Setting("PROTOCOL") is "http/protobuf" or "http/json";
        var variable = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        if (endpoint is null && Uri.TryCreate(variable, UriKind.Absolute, out var traces))
        {
            Endpoint = traces;
        }
        else
        {
            var whole =
                endpoint
                ?? (
                    Uri.TryCreate(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"), UriKind.Absolute, out var all)
                        ? all
                        : new Uri(overHttp ? "http://127.0.0.1:4318" : "http://127.0.0.1:4317")
                );
            Endpoint = overHttp && whole.AbsolutePath == "/" ? new Uri(whole, HttpPath) : whole;
        }

        if (overHttp)
        {
            _http = new HttpClient { Timeout = Timeout };
        }
        else
        {
            _grpc = GrpcChannel.ForAddress(Endpoint);
        }
    }

    /// <summary>Where to.</summary>
    public Uri Endpoint { get; }

    /// <summary>Why something could not be sent; null if everything was sent.</summary>
    public string? Failure { get; private set; }

    /// <summary>Sends spans. A failure is stored in <see cref="Failure"/>, and ends nothing.</summary>
    /// <returns>Whether they were sent.</returns>
    public async Task<bool> SendAsync(IReadOnlyList<Span> spans)
    {
        try
        {
            var body = OtlpProtobuf.Encode(spans);
            if (_grpc is not null)
            {
                await _grpc
                    .CreateCallInvoker()
                    .AsyncUnaryCall(ExportMethod, null, new CallOptions(deadline: DateTime.UtcNow + Timeout), body);
                return true;
            }

            using var content = new ByteArrayContent(body)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") },
            };
            using var response = await _http!.PostAsync(Endpoint, content);
            if (!response.IsSuccessStatusCode)
            {
                Failure ??= $"HTTP {(int)response.StatusCode}";
                return false;
            }

            return true;
        }
        catch (Exception failure) when (failure is RpcException or HttpRequestException or TaskCanceledException)
        {
            Failure ??= failure.Message;
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _grpc?.Dispose();
        _http?.Dispose();
    }

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_TRACES_" + name) is { Length: > 0 } own
            ? own
            : Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_" + name);
}
