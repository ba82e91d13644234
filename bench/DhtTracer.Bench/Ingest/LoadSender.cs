using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Otlp;
using Google.Protobuf;

namespace DhtTracer.Bench.Ingest;

/// <summary>A way into the program.</summary>
internal enum LoadReceiver
{
    /// <summary>OTLP over HTTP/1.1, gzip.</summary>
    Http,

    /// <summary>OTLP over gRPC, gzip.</summary>
    Grpc,

    /// <summary>Jaeger's <c>CollectorService</c> over gRPC, not compressed, as Jaeger's own agents send it.</summary>
    Jaeger,
}

/// <summary>Sends batches on one connection. gRPC is written by hand, because a library would take processor time of the
/// receiver.</summary>
internal sealed class LoadSender : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1, UseProxy = false });
    private readonly LoadReceiver _receiver;
    private readonly Uri _address;

    public LoadSender(LoadReceiver receiver, Uri server)
    {
        _receiver = receiver;
        _address = new Uri(
            server,
            receiver switch
            {
                LoadReceiver.Grpc => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                LoadReceiver.Jaeger => "/jaeger.api_v2.CollectorService/PostSpans",
                _ => "/v1/traces",
            }
        );
    }

    /// <summary>The bodies of requests. Made before the time is taken. Jaeger's batches have spans of one resource each.</summary>
    public static IEnumerable<(int Spans, byte[] Body)> Bodies(LoadReceiver receiver, KuboBatch batch) =>
        receiver switch
        {
            LoadReceiver.Grpc => [(batch.Spans, Message(batch.Gzip, compressed: true))],
            LoadReceiver.Jaeger => JaegerModel
                .EncodeBatches(OtlpProtobuf.Decode(KuboLoad.Inflate(batch.Gzip)))
                .Select(spans => (spans.Spans.Count, Message(new PostSpansRequest { Batch = spans }.ToByteArray(), compressed: false))),
            _ => [(batch.Spans, batch.Gzip)],
        };

    /// <summary>Sends a body.</summary>
    /// <returns>Null if it was acknowledged; else how long to wait before sending it again.</returns>
    /// <exception cref="HttpRequestException">The server is not there.</exception>
    /// <exception cref="InvalidOperationException">The server rejected it.</exception>
    public async Task<TimeSpan?> SendAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = content };
        if (_receiver == LoadReceiver.Http)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            content.Headers.ContentEncoding.Add("gzip");
        }
        else
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            if (_receiver == LoadReceiver.Grpc)
            {
                request.Headers.Add("grpc-encoding", "gzip");
            }
        }

        using var response = await _client.SendAsync(request);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            // A trailer, or a header when there is no body: 0 OK, 8 RESOURCE_EXHAUSTED, 14 UNAVAILABLE.
            var status =
                _receiver == LoadReceiver.Http ? "0"
                : response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.Single()
                : response.Headers.TryGetValues("grpc-status", out var header) ? header.Single()
                : "none";
            return status switch
            {
                "0" => null,
                "8" or "14" => TimeSpan.FromSeconds(1),
                _ => throw new InvalidOperationException($"The receiver answered with gRPC status {status}."),
            };
        }

        return response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests
            ? response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1)
            : throw new InvalidOperationException($"The receiver answered {(int)response.StatusCode}.");
    }

    public void Dispose() => _client.Dispose();

    /// <summary>A gRPC message: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests.</summary>
    private static byte[] Message(byte[] data, bool compressed)
    {
        var message = new byte[data.Length + 5];
        message[0] = (byte)(compressed ? 1 : 0);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), data.Length);
        data.CopyTo(message, 5);
        return message;
    }
}
