using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.TestSupport.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;

namespace DhtTracer.Jaeger.Tests.Receiving;

public class HttpReceiversTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/x-thrift", false)]
    [InlineData("application/vnd.apache.thrift.binary", false)]
    [InlineData("application/x-thrift", true)]
    public async Task Binary_thrift_is_stored_before_the_answer(string contentType, bool gzip)
    {
        await using var host = await ReceiverHost.StartAsync((app, sink, _) => app.MapJaegerThriftHttp(sink));
        using var response = await PostAsync(
            host,
            "/api/traces",
            Assert.Single(await ThriftSender.BatchesAsync(JaegerSpans.Trace, ThriftProtocol.Binary)),
            contentType,
            gzip
        );
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(JaegerSpans.Trace, await host.TraceAsync(JaegerSpans.Id));
    }

    [Theory]
    [InlineData("application/json", new byte[] { 1 }, HttpStatusCode.BadRequest)]
    [InlineData("application/x-thrift", new byte[] { 1, 2, 3 }, HttpStatusCode.BadRequest)]
    [InlineData("application/x-thrift", new byte[] { }, HttpStatusCode.BadRequest)]
    public async Task What_is_no_batch_is_refused_with_a_reason(string contentType, byte[] body, HttpStatusCode expected)
    {
        await using var host = await ReceiverHost.StartAsync((app, sink, _) => app.MapJaegerThriftHttp(sink));
        using var response = await PostAsync(host, "/api/traces", body, contentType);
        Assert.Equal(expected, response.StatusCode);
        Assert.NotEqual("", (await response.Content.ReadAsStringAsync(Cancel)).Trim());
        Assert.Equal(0, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_above_the_limit_is_refused_also_while_inflating(bool gzip)
    {
        await using var host = await ReceiverHost.StartAsync(
            (app, sink, _) => app.MapJaegerThriftHttp(sink, new JaegerReceiverOptions { MaxMessageBytes = 1000 })
        );
        using var response = await PostAsync(host, "/api/traces", new byte[100_000], "application/x-thrift", gzip);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Zipkin_json_is_stored_before_the_answer()
    {
        await using var host = await ReceiverHost.StartAsync((app, sink, _) => app.MapZipkin(sink));
        var body =
            """
            [{"traceId":"0123456789abcdeffedcba9876543210","id":"00000000000000aa","name":"ask","kind":"CLIENT",
              "timestamp":1795000000000001,"duration":250,"localEndpoint":{"serviceName":"kubo"},"tags":{"attempt":"3"}}]
            """u8.ToArray();

        using var response = await PostAsync(host, "/api/v2/spans", body, "application/json");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var span = Assert.Single(await host.TraceAsync(JaegerSpans.Id));
        Assert.Equal(("ask", SpanKind.Client, "kubo"), (span.Name, span.Kind, span.Resource.ServiceName));
        Assert.Equal((1_795_000_000_000_001_000UL, 1_795_000_000_000_251_000UL), (span.StartUnixNano, span.EndUnixNano));
    }

    [Theory]
    [InlineData("text/xml", "[]", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", "{", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "[]", HttpStatusCode.Accepted)]
    public async Task Zipkin_answers_by_what_it_was_sent(string contentType, string body, HttpStatusCode expected)
    {
        await using var host = await ReceiverHost.StartAsync((app, sink, _) => app.MapZipkin(sink));
        using var response = await PostAsync(host, "/api/v2/spans", System.Text.Encoding.UTF8.GetBytes(body), contentType);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Clients_are_told_to_send_every_trace()
    {
        await using var host = await ReceiverHost.StartAsync((app, _, _) => app.MapJaegerSampling());
        Assert.Equal(
            """{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}""",
            await host.Http.GetStringAsync("/sampling?service=kubo", Cancel)
        );
        using var missing = await host.Http.GetAsync("/sampling", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, missing.StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(
        ReceiverHost host,
        string path,
        byte[] body,
        string contentType,
        bool gzip = false
    )
    {
        if (gzip)
        {
            using var buffer = new MemoryStream();
            await using (var stream = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
            {
                await stream.WriteAsync(body, Cancel);
            }

            body = buffer.ToArray();
        }

        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return await host.Http.PostAsync(path, content, Cancel);
    }
}
