using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Storage.Sqlite;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;
using Google.Protobuf;

namespace DhtTracer.Ingestion.Tests.Otlp;

public sealed class OtlpHttpReceiverTests
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("zlib")]
    [InlineData("zstd")]
    [InlineData("zstd in one segment")]
    public async Task A_protobuf_body_is_stored_before_it_is_answered(string encoding)
    {
        await using var host = await IngestHost.StartAsync();
        var spans = new[] { MakeSpans.Span(1, 1), MakeSpans.Span(1, 2), MakeSpans.Span(2, 3) };
        using var response = await PostAsync(
            await host.ServeAsync(new OtlpOptions()),
            Compress(OtlpProtobuf.Encode(spans), encoding),
            Protobuf,
            encoding
        );

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Protobuf, response.Content.Headers.ContentType!.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(spans[..2], await host.Store.GetTraceAsync(MakeSpans.Trace(1)));
        Assert.Equal(spans[2..], await host.Store.GetTraceAsync(MakeSpans.Trace(2)));
    }

    [Fact]
    public async Task A_captured_json_body_is_stored_and_becomes_queries()
    {
        await using var host = await IngestHost.StartAsync();
        var body = await File.ReadAllBytesAsync(TestFiles.Data("js-libp2p", "06-dht-findPeer-found.otlp-http-json.1.json"));
        using var response = await PostAsync(await host.ServeAsync(new OtlpOptions()), body, Json, "");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("{}", await response.Content.ReadAsStringAsync());
        await host.Worker.DrainAsync();
        var spans = OtlpJson.Decode(body);
        var trace = await host.Store.GetTraceAsync(spans[0].TraceId);
        Assert.Equal(spans.OrderBy(span => span.SpanId), trace.OrderBy(span => span.SpanId));
    }

    [Fact]
    public async Task Spans_without_ids_are_rejected_and_their_neighbours_kept()
    {
        await using var host = await IngestHost.StartAsync();
        var address = await host.ServeAsync(new OtlpOptions());
        var good = MakeSpans.Span(1, 1);
        var body = OtlpProtobuf.Encode([
            good,
            MakeSpans.Span(1, 2) with
            {
                SpanId = default,
            },
            MakeSpans.Span(1, 3) with
            {
                TraceId = default,
            },
        ]);

        using var response = await PostAsync(address, body, Protobuf, "");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var (rejected, message) = ReadPartialSuccess(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(2, rejected);
        Assert.Contains("2 of 3 spans rejected", message, StringComparison.Ordinal);
        Assert.Equal([good], await host.Store.GetTraceAsync(MakeSpans.Trace(1)));

        using var json = await PostAsync(
            address,
            Encoding.UTF8.GetBytes(
                """{"resourceSpans":[{"scopeSpans":[{"spans":"""
                    + """[{"traceId":"00000000000000000000000000000000","spanId":"0000000000000001","name":"x"}]}]}]}"""
            ),
            Json,
            ""
        );
        var document = JsonDocument.Parse(await json.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("1", document.GetProperty("partialSuccess").GetProperty("rejectedSpans").GetString());
    }

    [Theory]
    [InlineData(Protobuf, "", "FF", 400)]
    [InlineData(Protobuf, "gzip", "FF", 400)]
    [InlineData(Protobuf, "zlib", "FF", 400)]
    [InlineData(Protobuf, "zstd", "FF", 400)]
    [InlineData(Protobuf, "zstd", "28B52FFD00A8000000000000000000", 400)]
    [InlineData(Protobuf, "br", "00", 415)]
    [InlineData(Json, "", "7B", 400)]
    [InlineData("text/plain", "", "00", 415)]
    public async Task A_body_that_cannot_be_read_is_refused_with_a_status_in_the_encoding_of_the_request(
        string type,
        string encoding,
        string hex,
        int expected
    )
    {
        await using var host = await IngestHost.StartAsync();
        using var response = await PostAsync(await host.ServeAsync(new OtlpOptions()), Convert.FromHexString(hex), type, encoding);

        Assert.Equal(expected, (int)response.StatusCode);
        var body = await response.Content.ReadAsByteArrayAsync();
        var (code, message) = type == Protobuf ? ReadStatus(body) : ReadJsonStatus(body);
        Assert.Equal(3, code);
        Assert.NotEmpty(message);
        Assert.Equal(0, (await host.Store.CountsAsync()).Traces);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_body_beyond_the_limits_is_answered_413_with_the_limit(string encoding)
    {
        await using var host = await IngestHost.StartAsync();
        var address = await host.ServeAsync(new OtlpOptions { MaxCompressedBytes = 4000, MaxInflatedBytes = 8000 });
        var big = OtlpProtobuf.Encode([MakeSpans.Span(1, 1) with { Name = new string('x', 20_000) }]);

        // Compression makes it small enough to be sent and too large to be inflated; without, it is too large to be sent.
        using var response = await PostAsync(address, Compress(big, encoding), Protobuf, encoding);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains(
            encoding.Length > 0 ? "8000" : "4000",
            ReadStatus(await response.Content.ReadAsByteArrayAsync()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_database_that_is_locked_is_answered_503_with_a_time_to_come_back()
    {
        await using var host = await IngestHost.StartAsync(options: new SqliteOptions { LockTimeout = TimeSpan.FromMilliseconds(50) });
        var address = await host.ServeAsync(new OtlpOptions { RetryAfter = TimeSpan.FromSeconds(7) });
        await using var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={host.Store.Location};Pooling=False");
        await other.OpenAsync();
        await using (var transaction = other.BeginTransaction(deferred: false))
        {
            using var response = await PostAsync(address, OtlpProtobuf.Encode([MakeSpans.Span(1, 1)]), Protobuf, "");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter!.Delta);
            Assert.Equal(14, ReadStatus(await response.Content.ReadAsByteArrayAsync()).Code);
        }

        using var again = await PostAsync(address, OtlpProtobuf.Encode([MakeSpans.Span(1, 1)]), Protobuf, "");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(Uri address, byte[] body, string type, string encoding)
    {
        using var client = new HttpClient();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding.Length > 0)
        {
            content.Headers.ContentEncoding.Add(encoding.Split(' ') is [.., "deflate"] ? "deflate" : encoding.Split(' ')[0]);
        }

        return await client.PostAsync(new Uri(address, "/v1/traces"), content);
    }

    private static byte[] Compress(byte[] data, string encoding)
    {
        if (encoding.Length == 0)
        {
            return data;
        }

        if (encoding == "zstd in one segment")
        {
            using var whole = new ZstdSharp.Compressor();
            return whole.Wrap(data).ToArray();
        }

        using var output = new MemoryStream();
        using (
            Stream compressor = encoding switch
            {
                "gzip" => new GZipStream(output, CompressionLevel.Fastest, true),
                "raw deflate" => new DeflateStream(output, CompressionLevel.Fastest, true),
                "zstd" => new ZstdSharp.CompressionStream(output, leaveOpen: true),
                _ => new ZLibStream(output, CompressionLevel.Fastest, true),
            }
        )
        {
            compressor.Write(data);
        }

        return output.ToArray();
    }

    private static (long Rejected, string Message) ReadPartialSuccess(byte[] body)
    {
        var outer = new CodedInputStream(body);
        Assert.Equal((1u << 3) | 2, outer.ReadTag());
        var inner = new CodedInputStream(outer.ReadBytes().ToByteArray());
        Assert.Equal(1u << 3, inner.ReadTag());
        var rejected = inner.ReadInt64();
        Assert.Equal((2u << 3) | 2, inner.ReadTag());
        return (rejected, inner.ReadString());
    }

    private static (int Code, string Message) ReadStatus(byte[] body)
    {
        var input = new CodedInputStream(body);
        Assert.Equal(1u << 3, input.ReadTag());
        var code = input.ReadInt32();
        Assert.Equal((2u << 3) | 2, input.ReadTag());
        return (code, input.ReadString());
    }

    private static (int Code, string Message) ReadJsonStatus(byte[] body)
    {
        var root = JsonDocument.Parse(body).RootElement;
        return (root.GetProperty("code").GetInt32(), root.GetProperty("message").GetString()!);
    }
}
