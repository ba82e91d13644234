using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Traces.Otlp;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Ingestion.Tests.Receiving;

/// <summary>What a gRPC receiver takes and puts on the wire, seen by a plain HTTP/2 client. One test takes the whole process's memory for
/// bodies, so the class runs alone.</summary>
[Collection(nameof(Alone))]
public sealed class GrpcWireTests
{
    private static readonly byte[] Message = OtlpProtobuf.Encode([MakeSpans.Span(1, 1) with { Name = new string('n', 5000) }]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Encodings => ["gzip", "deflate", "zstd"];

    [Fact]
    public async Task Success_is_http_200_with_the_status_in_the_trailers()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(http, Framed(Message));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.ToString());
        Assert.Equal([0, 0, 0, 0, 0], await response.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal(1, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    public async Task Only_grpc_content_types_are_taken(string contentType, HttpStatusCode expected)
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(
            http,
            Framed(Message),
            request =>
            {
                request.Content!.Headers.Remove("content-type");
                request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
            }
        );

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Over_long_varints_are_taken_as_the_dotnet_exporter_writes_them()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        // The length of resource_spans, which stands behind its tag 0A, in five bytes as the exporter writes it (0A B4 83 80 80 00).
        var inner = OtlpProtobuf.Encode([MakeSpans.Span(1, 1)]);
        Assert.Equal((byte)0x0A, inner[0]);
        var lengthBytes = inner.AsSpan(1).IndexOfAnyInRange((byte)0, (byte)0x7F) + 1;
        var body = inner[(1 + lengthBytes)..];
        byte[] padded = [0x0A, (byte)(0x80 | (body.Length & 0x7F)), (byte)(0x80 | ((body.Length >> 7) & 0x7F)), 0x80, 0x80, 0x00, .. body];
        using var response = await PostAsync(http, Framed(padded));

        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Single(await host.Store.GetTraceAsync(MakeSpans.Trace(1), Cancel));
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task Compressed_messages_are_taken(string encoding)
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(http, Framed(Compress(encoding, Message), compressed: true), Encoded(encoding));

        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Single(await host.Store.GetTraceAsync(MakeSpans.Trace(1), Cancel));
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_bomb_is_stopped_while_it_inflates_and_leaves_no_memory_taken(string encoding)
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions { MaxInflatedBytes = 1 << 20 }, grpc: true));

        using var response = await PostAsync(http, Framed(Compress(encoding, new byte[8 << 20]), compressed: true), Encoded(encoding));

        Assert.Equal(StatusCode.ResourceExhausted, Status(response));
        Assert.Equal(0, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_compressed_message_that_is_cut_off_or_broken_is_refused(string encoding)
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));
        var whole = Compress(encoding, Message);

        using var cut = await PostAsync(http, Framed(whole[..(whole.Length / 2)], compressed: true), Encoded(encoding));
        using var broken = await PostAsync(http, Framed([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], compressed: true), Encoded(encoding));

        Assert.Equal(StatusCode.Internal, Status(cut));
        Assert.Equal(StatusCode.Internal, Status(broken));
        Assert.Equal(0, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    [Fact]
    public async Task An_unknown_encoding_is_unimplemented_and_the_known_ones_are_named()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(http, [1, 0, 0, 0, 1, 0], Encoded("snappy"));

        Assert.Equal(StatusCode.Unimplemented, Status(response));
        Assert.Equal(
            ["deflate", "gzip", "identity", "zstd"],
            response.Headers.GetValues("grpc-accept-encoding").Single().Split(',').Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000" + "0000000000")]
    [InlineData("0000000001")]
    [InlineData("000000")]
    [InlineData("0100000000")]
    public async Task A_broken_request_is_internal(string hex)
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(http, Convert.FromHexString(hex));

        Assert.Equal(StatusCode.Internal, Status(response));
        Assert.NotEmpty(response.Headers.GetValues("grpc-message").Single());
    }

    [Fact]
    public async Task A_length_above_the_limit_is_refused_before_its_bytes_have_come()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        using var response = await PostAsync(http, [0, 0x7F, 0xFF, 0xFF, 0xFF]);

        Assert.Equal(StatusCode.ResourceExhausted, Status(response));
    }

    [Fact]
    public async Task A_message_of_40_MiB_is_taken_where_the_limit_allows_it()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions { MaxInflatedBytes = 64 << 20 }, grpc: true));
        var spans = Enumerable.Range(1, 40).Select(i => MakeSpans.Span(1, i) with { Name = new string((char)('a' + (i % 26)), 1 << 20) });

        using var response = await PostAsync(http, Framed(OtlpProtobuf.Encode([.. spans])));

        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal(40, (await host.Store.GetTraceAsync(MakeSpans.Trace(1), Cancel)).Count);
    }

    [Fact]
    public async Task An_error_text_is_percent_encoded()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        // Cut off in mid-field; the reader's message has quotes and dots that may travel, and none that may not.
        using var response = await PostAsync(http, Framed([0x0A, 0x05, 0x00]));

        Assert.Equal(StatusCode.InvalidArgument, Status(response));
        var text = response.Headers.GetValues("grpc-message").Single();
        Assert.All(text, letter => Assert.InRange(letter, ' ', '~'));
        Assert.Contains("at byte 2", Uri.UnescapeDataString(text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_finds_all_memory_taken_is_unavailable_and_the_next_is_taken()
    {
        await using var host = await IngestHost.StartAsync();
        using var http = Http(await host.ServeAsync(new OtlpOptions(), grpc: true));

        // All but 1,000 bytes are taken by others.
        var others = BodyMemory.Limit - 1000;
        BodyMemory.Shared.Take(others);
        try
        {
            using var refused = await PostAsync(http, Framed(Message));
            Assert.Equal(StatusCode.Unavailable, Status(refused));
        }
        finally
        {
            BodyMemory.Shared.Return(others);
        }

        using var taken = await PostAsync(http, Framed(Message));
        Assert.Equal("0", taken.TrailingHeaders.GetValues("grpc-status").Single());
    }

    private static StatusCode Status(HttpResponseMessage response) =>
        (StatusCode)
            int.Parse(
                (
                    response.Headers.TryGetValues("grpc-status", out var early) ? early : response.TrailingHeaders.GetValues("grpc-status")
                ).Single()
            );

    private static Action<HttpRequestMessage> Encoded(string encoding) => request => request.Headers.Add("grpc-encoding", encoding);

    private static byte[] Framed(byte[] message, bool compressed = false)
    {
        var framed = new byte[5 + message.Length];
        framed[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return framed;
    }

    private static byte[] Compress(string encoding, byte[] bytes)
    {
        using var output = new MemoryStream();
        using (
            Stream stream = encoding switch
            {
                "gzip" => new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true),
                "deflate" => new ZLibStream(output, CompressionLevel.Optimal, leaveOpen: true),
                _ => new ZstdSharp.CompressionStream(output, leaveOpen: true),
            }
        )
        {
            stream.Write(bytes);
        }

        return output.ToArray();
    }

    private static HttpClient Http(Uri address) =>
        new()
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, byte[] body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OtlpGrpcReceiver.ExportMethod.FullName)
        {
            Version = http.DefaultRequestVersion,
            VersionPolicy = http.DefaultVersionPolicy,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        change?.Invoke(request);
        return await http.SendAsync(request, Cancel);
    }
}
