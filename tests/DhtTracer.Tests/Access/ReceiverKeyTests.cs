using System.Net;
using System.Net.Http.Headers;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>Keys of senders, in both headers, over HTTP and gRPC; and pages of other sites.</summary>
public sealed class ReceiverKeyTests(RunningWithKeys running) : IClassFixture<RunningWithKeys>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("authorization", "bearer ")]
    [InlineData("x-api-key", "")]
    public async Task Either_header_carries_the_key(string header, string prefix)
    {
        using var http = await SendJsonAsync(header, prefix + running.Secret(KeyKind.Ingest));
        Assert.Equal(HttpStatusCode.OK, http.StatusCode);
        using var grpc = await SendGrpcAsync(PortKind.OtlpGrpc, OtlpMethod, header, prefix + running.Secret(KeyKind.Ingest));
        Assert.Equal("0", await StatusOfAsync(grpc));
    }

    [Fact]
    public async Task A_missing_and_a_wrong_key_are_told_apart_from_one_of_another_kind()
    {
        var wrong = running.Secret(KeyKind.Ingest)[..^4] + "AAAA";
        foreach (
            var (secret, status, grpcStatus) in new[]
            {
                ("", HttpStatusCode.Unauthorized, "16"),
                (wrong, HttpStatusCode.Unauthorized, "16"),
                (running.Secret(KeyKind.Reader), HttpStatusCode.Forbidden, "7"),
                (running.Secret(KeyKind.Operator), HttpStatusCode.Forbidden, "7"),
            }
        )
        {
            using var http = await SendJsonAsync("x-api-key", secret);
            Assert.Equal(status, http.StatusCode);
            foreach (var (port, method) in new[] { (PortKind.OtlpGrpc, OtlpMethod), (PortKind.JaegerGrpc, JaegerMethod) })
            {
                using var grpc = await SendGrpcAsync(port, method, "x-api-key", secret);
                Assert.Equal(grpcStatus, await StatusOfAsync(grpc));
            }
        }
    }

    [Fact]
    public async Task A_port_that_was_opened_by_name_takes_spans_without_a_key()
    {
        using var response = await running.SendAsync(
            PortKind.Zipkin,
            HttpMethod.Post,
            "/api/v2/spans",
            secret: null,
            static request => request.Content = Json("[]")
        );
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData(nameof(PortKind.OtlpHttp), "/v1/traces", true)]
    [InlineData(nameof(PortKind.Zipkin), "/api/v2/spans", false)]
    [InlineData(nameof(PortKind.JaegerThriftHttp), "/api/traces", false)]
    [InlineData(nameof(PortKind.Site), "/mcp", false)]
    [InlineData(nameof(PortKind.Site), "/queries?handler=Samples", false)]
    [InlineData(nameof(PortKind.JaegerQueryHttp), "/api/transform", true)]
    public async Task A_page_of_another_site_sends_nothing_with_or_without_a_content_type(string port, string path, bool namedMay)
    {
        var kind = Enum.Parse<PortKind>(port);
        var secret = running.Secret(PortTable.Of(kind).Receiver is null ? KeyKind.Operator : KeyKind.Ingest);
        var own = running.Host.Address(kind)!.GetLeftPart(UriPartial.Authority);
        foreach (
            var (origin, allowed) in new[]
            {
                ("https://evil.example", false),
                ("null", false),
                ("http://127.0.0.1:1", false),
                ("https://app.example", namedMay),
                (own, true),
            }
        )
        {
            foreach (var type in new[] { "application/json", "text/plain", null })
            {
                using var response = await running.SendAsync(
                    kind,
                    HttpMethod.Post,
                    path,
                    secret,
                    request =>
                    {
                        request.Headers.TryAddWithoutValidation("Origin", origin);
                        request.Content = Json("[]");
                        request.Content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
                    }
                );
                var text = await response.Content.ReadAsStringAsync(Cancel);
                Assert.Equal(!allowed, text.Contains("Pages of other sites may not send here", StringComparison.Ordinal));
                Assert.Equal(!allowed, response.StatusCode == HttpStatusCode.Forbidden);
            }
        }
    }

    private const string OtlpMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private const string JaegerMethod = "/jaeger.api_v2.CollectorService/PostSpans";

    private static StringContent Json(string text) => new(text, mediaType: new MediaTypeHeaderValue("application/json"));

    private Task<HttpResponseMessage> SendJsonAsync(string header, string value) =>
        running.SendAsync(
            PortKind.OtlpHttp,
            HttpMethod.Post,
            "/v1/traces",
            secret: null,
            request =>
            {
                request.Headers.TryAddWithoutValidation(header, value);
                request.Content = Json("{\"resourceSpans\":[]}");
            }
        );

    private Task<HttpResponseMessage> SendGrpcAsync(PortKind port, string method, string header, string value) =>
        GrpcAnswers.SendAsync(running, port, method, header, value);

    private static Task<string> StatusOfAsync(HttpResponseMessage response) => GrpcAnswers.StatusOfAsync(response);
}

/// <summary>Calls of gRPC with an empty message, by hand, to see what is on the wire.</summary>
internal static class GrpcAnswers
{
    internal static Task<HttpResponseMessage> SendAsync(
        RunningWithKeys running,
        PortKind port,
        string method,
        string header,
        string value
    ) =>
        running.SendAsync(
            port,
            HttpMethod.Post,
            method,
            secret: null,
            request =>
            {
                request.Headers.TryAddWithoutValidation(header, value);
                request.Headers.TryAddWithoutValidation("TE", "trailers");
                request.Content = new ByteArrayContent(new byte[5]);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
            }
        );

    /// <summary>The status, from the headers or from the trailers.</summary>
    internal static async Task<string> StatusOfAsync(HttpResponseMessage response)
    {
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return response.Headers.TryGetValues("grpc-status", out var early)
            ? early.Single()
            : response.TrailingHeaders.GetValues("grpc-status").Single();
    }
}
