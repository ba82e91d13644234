using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace DhtTracer.EndToEnd.Tests;

/// <summary>Known requests go to the ports of the real program, and its counts are read again.</summary>
public sealed class IngestStateTests
{
    private const string Span = """
        {"resourceSpans":[{"scopeSpans":[{"spans":[
          {"traceId":"000000000000000000000000000000ab","spanId":"00000000000000cd","name":"a",
           "startTimeUnixNano":"1","endTimeUnixNano":"2"}
        ]}]}]}
        """;

    private const string SpanWithoutId = """
        {"resourceSpans":[{"scopeSpans":[{"spans":[
          {"traceId":"000000000000000000000000000000ab","spanId":"00000000000000ce","name":"b",
           "startTimeUnixNano":"1","endTimeUnixNano":"2"},
          {"traceId":"000000000000000000000000000000ab","spanId":"0000000000000000","name":"c"}
        ]}]}]}
        """;

    [Fact]
    public async Task What_each_port_took_and_refused_is_counted_once()
    {
        await using var tracer = await TracerProcess.StartAsync(null, "--keep", "2d");
        using var client = new HttpClient();
        var otlp = tracer.Url("OTLP over HTTP");
        Assert.Equal(HttpStatusCode.OK, await PostAsync(client, otlp, Span, "application/json"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(client, otlp, SpanWithoutId, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(client, otlp, "{", "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(client, otlp, "garbage", "application/x-protobuf"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await PostAsync(client, otlp, Span, "text/plain"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(client, tracer.Url("Zipkin"), "{", "application/json"));
        using (var udp = new UdpClient())
        {
            var address = new Uri(tracer.Url("Jaeger UDP compact"));
            await udp.SendAsync("garbage"u8.ToArray(), address.Host, address.Port, TestContext.Current.CancellationToken);
        }

        var report = await EventuallyAsync(
            client,
            tracer,
            report => Receiver(report, "jaeger-udp-compact")["refused"]!.GetValue<long>() == 1
        );
        Assert.Equal((2L, 2L, 1L, 3L), Counts(report, "otlp-http"));
        Assert.Equal((0L, 0L, 0L, 1L), Counts(report, "zipkin"));
        Assert.Equal((0L, 0L, 0L, 0L), Counts(report, "otlp-grpc"));
        Assert.Contains("text/plain", Receiver(report, "otlp-http")["lastError"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(otlp, Receiver(report, "otlp-http")["address"]!.GetValue<string>());
        Assert.Equal(2 * 86400, report["keepSeconds"]!.GetValue<double>());
        Assert.Equal(
            ["Jaeger query HTTP", "Jaeger query gRPC", "Jaeger sampling", "health", "site"],
            report["listeners"]!.AsArray().Select(listener => listener!["title"]!.GetValue<string>()).Order(StringComparer.Ordinal)
        );

        report = await EventuallyAsync(
            client,
            tracer,
            report => report["analysis"]!["analysed"]!.GetValue<long>() >= 1 && report["analysis"]!["pendingSpans"]!.GetValue<long>() == 0
        );
        Assert.Equal((1L, 2L, 0L), (Stored(report, "traces"), Stored(report, "spans"), Stored(report, "queries")));
        var page = await client.GetStringAsync(new Uri(tracer.Site + "/ingest"), TestContext.Current.CancellationToken);
        Assert.Contains("receiver-jaeger-udp-binary", page, StringComparison.Ordinal);
        var metrics = await client.GetStringAsync(new Uri(tracer.Site + "/metrics"), TestContext.Current.CancellationToken);
        Assert.Matches("\ndht_tracer_ingest_refused_requests_total\\{[^}]*receiver=\"otlp-http\"\\} 3\n", metrics);
        Assert.Matches("\ndht_tracer_ingest_duration_seconds_count\\{[^}]*receiver=\"otlp-http\"\\} 2\n", metrics);
        Assert.Matches("\ndht_tracer_analysis_duration_seconds_count\\{[^}]*outcome=\"done\"\\} [1-9]", metrics);
        Assert.Matches("\ndht_tracer_assembly_duration_seconds_count\\{[^}]*\\} [1-9]", metrics);
    }

    private static long Stored(JsonNode report, string name) => report["database"]![name]!.GetValue<long>();

    private static JsonNode Receiver(JsonNode report, string name) =>
        report["receivers"]!.AsArray().Single(receiver => receiver!["receiver"]!.GetValue<string>() == name)!;

    private static (long Requests, long Spans, long Rejected, long Refused) Counts(JsonNode report, string name)
    {
        long Of(string property) => Receiver(report, name)[property]!.GetValue<long>();
        return (Of("requests"), Of("spans"), Of("rejected"), Of("refused"));
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string url, string body, string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var answer = await client.PostAsync(new Uri(url), content, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<JsonNode> EventuallyAsync(HttpClient client, TracerProcess tracer, Func<JsonNode, bool> condition)
    {
        for (var i = 0; ; i++)
        {
            var report = await client.GetFromJsonAsync<JsonNode>(
                new Uri(tracer.Site + "/api/v1/ingest"),
                TestContext.Current.CancellationToken
            );
            if (condition(report!))
            {
                return report!;
            }

            Assert.True(i < 100, $"it did not become so within 10 seconds: {report}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
