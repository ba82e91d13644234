using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.TestSupport.Jaeger;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Thrift;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using GrpcStatusCode = Grpc.Core.StatusCode;
using RpcException = Grpc.Core.RpcException;

namespace DhtTracer.Jaeger.Tests.Receiving;

/// <summary>What arrives at the ports may be anything: each gets an answer that says what is wrong, nothing of it is stored, and good spans
/// still are.</summary>
[Collection(nameof(Alone))]
public class HostileSendersTests
{
    private const string Zipkin = """
        [{"traceId":"0123456789abcdeffedcba9876543210","id":"00000000000000aa","name":"ask","timestamp":1795000000000001,"duration":250,
          "localEndpoint":{"serviceName":"kubo"}}]
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> HttpReceivers => [OtlpHttpReceiver.Name, JaegerThriftHttpReceiver.Name, ZipkinReceiver.Name];

    public static TheoryData<string> GrpcReceivers => [OtlpGrpcReceiver.Name, JaegerGrpcReceiver.Name];

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    public async Task Random_bytes_are_answered_400_with_a_reason(string receiver)
    {
        await using var host = await StartAsync(receiver);
        var random = new Random(1);
        for (var i = FuzzInputs.Count(60); i > 0; i--)
        {
            var body = new byte[random.Next(1, 400)];
            random.NextBytes(body);
            using var response = await PostAsync(host, receiver, body);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.NotEmpty((await response.Content.ReadAsStringAsync(Cancel)).Trim());
        }

        await AssertNothingStoredAndStillWellAsync(host, receiver);
    }

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    public async Task A_body_cut_off_anywhere_is_never_an_error_of_ours(string receiver)
    {
        await using var host = await StartAsync(receiver);
        var whole = await BodyAsync(receiver);
        for (var length = 0; length < whole.Length; length += FuzzInputs.Count(0) > 0 ? 1 : 7)
        {
            using var response = await PostAsync(host, receiver, whole[..length]);

            // Protobuf may be cut between two of its fields and is then whole; everything else cannot be.
            Assert.True(
                response.StatusCode == HttpStatusCode.BadRequest
                    || (receiver == OtlpHttpReceiver.Name && response.StatusCode == HttpStatusCode.OK),
                $"{length} of {whole.Length} bytes: {response.StatusCode}"
            );
        }
    }

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    public async Task A_gzip_bomb_is_answered_413_after_the_limit_and_not_inflated_further(string receiver)
    {
        await using var host = await StartAsync(receiver);
        var bomb = await BombAsync(512);
        Assert.True(bomb.Length < 4 << 20);
        var before = GC.GetTotalAllocatedBytes();

        using var response = await PostAsync(host, receiver, bomb, "gzip");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("limit", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        // Half of what it would be; a body of 64 MiB, the largest that is taken, grows through buffers of 256 MiB together.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 300L << 20);
        await AssertNothingStoredAndStillWellAsync(host, receiver);
    }

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    public async Task Lengths_that_promise_more_than_there_is_cost_nothing(string receiver)
    {
        // A field of 2^31 - 1 or 2^64 - 1 bytes, a list of 2^31 - 1 elements, in each format's way of saying so.
        await using var host = await StartAsync(receiver);
        foreach (
            var hex in new[]
            {
                "0AFFFFFFFF07",
                "0AFFFFFFFFFFFFFFFFFF01",
                "0C00017FFFFFFF",
                "0F00020C7FFFFFFF",
                "0F00020CFFFFFFFF",
                "5B5B5B5B5B5B5B5B",
            }
        )
        {
            var before = GC.GetTotalAllocatedBytes();
            using var response = await PostAsync(host, receiver, Convert.FromHexString(hex));
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 << 20);
        }
    }

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    public async Task Another_path_or_method_is_told_what_the_port_takes(string receiver)
    {
        await using var host = await StartAsync(receiver);
        using var get = await host.Http.GetAsync(Path(receiver), Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        Assert.Equal(["POST"], get.Content.Headers.Allow);
        Assert.Contains($"POST {Path(receiver)}", await get.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        using var content = new ByteArrayContent(await BodyAsync(receiver));
        using var elsewhere = await host.Http.PostAsync("/v1/metrics", content, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Contains($"POST {Path(receiver)}", await elsewhere.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        // Only what was posted is somebody's lost span.
        var counted = Assert.Single(host.Sink.Statistics.Snapshot());
        Assert.Equal((receiver, 1), (counted.Receiver, counted.Errors));
    }

    [Theory]
    [MemberData(nameof(GrpcReceivers))]
    public async Task Random_messages_over_grpc_are_invalid_arguments(string receiver)
    {
        await using var host = await StartAsync(receiver);
        using var channel = GrpcChannel.ForAddress(host.Address);
        var random = new Random(2);
        for (var i = FuzzInputs.Count(60); i > 0; i--)
        {
            var message = new byte[random.Next(4, 400)];
            random.NextBytes(message);
            var error = await Assert.ThrowsAsync<RpcException>(() =>
                channel.UnaryBytesAsync(GrpcPath(receiver), message, TimeSpan.FromSeconds(30), Cancel)
            );
            Assert.Equal(GrpcStatusCode.InvalidArgument, error.StatusCode);
            Assert.NotEmpty(error.Status.Detail);
        }

        var other = await Assert.ThrowsAsync<RpcException>(() =>
            channel.UnaryBytesAsync(
                "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                Array.Empty<byte>(),
                TimeSpan.FromSeconds(30),
                Cancel
            )
        );
        Assert.Equal(GrpcStatusCode.Unimplemented, other.StatusCode);
        Assert.Equal(0, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    [Theory]
    [MemberData(nameof(HttpReceivers))]
    [MemberData(nameof(GrpcReceivers))]
    public async Task Bytes_that_are_no_http_end_their_own_connection_only(string receiver)
    {
        await using var host = await StartAsync(receiver);
        var random = new Random(3);
        for (var i = 0; i < 50; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, host.Address.Port, Cancel);
            var bytes = new byte[random.Next(1, 2000)];
            random.NextBytes(bytes);
            await client.GetStream().WriteAsync(bytes, Cancel);
            client.Client.Shutdown(SocketShutdown.Send);
        }

        if (!receiver.EndsWith("grpc", StringComparison.Ordinal))
        {
            await AssertNothingStoredAndStillWellAsync(host, receiver);
        }
    }

    private static async Task AssertNothingStoredAndStillWellAsync(ReceiverHost host, string receiver)
    {
        Assert.Equal(0, (await host.Store.CountsAsync(Cancel)).Traces);
        using var good = await PostAsync(host, receiver, await BodyAsync(receiver));
        Assert.True(good.IsSuccessStatusCode);
        Assert.Equal(1, (await host.Store.CountsAsync(Cancel)).Traces);
    }

    private static Task<ReceiverHost> StartAsync(string receiver) =>
        ReceiverHost.StartAsync(
            (app, sink, _) =>
            {
                switch (receiver)
                {
                    case OtlpHttpReceiver.Name:
                        app.MapOtlpHttp(sink);
                        break;
                    case OtlpGrpcReceiver.Name:
                        app.MapOtlpGrpc();
                        break;
                    case JaegerThriftHttpReceiver.Name:
                        app.MapJaegerThriftHttp(sink);
                        break;
                    case JaegerGrpcReceiver.Name:
                        app.MapJaegerGrpc();
                        break;
                    default:
                        app.MapZipkin(sink);
                        break;
                }
            },
            receiver.EndsWith("grpc", StringComparison.Ordinal) ? HttpProtocols.Http2 : HttpProtocols.Http1,
            services => services.AddOtlpGrpc().AddJaegerGrpc()
        );

    private static string Path(string receiver) =>
        receiver switch
        {
            OtlpHttpReceiver.Name => "/v1/traces",
            JaegerThriftHttpReceiver.Name => "/api/traces",
            _ => "/api/v2/spans",
        };

    private static string GrpcPath(string receiver) =>
        receiver == OtlpGrpcReceiver.Name ? OtlpGrpcReceiver.ExportMethod.FullName : JaegerGrpcReceiver.PostSpansMethod.FullName;

    private static async Task<byte[]> BodyAsync(string receiver) =>
        receiver switch
        {
            OtlpHttpReceiver.Name => OtlpProtobuf.Encode(JaegerSpans.Trace),
            JaegerThriftHttpReceiver.Name => Assert.Single(await ThriftSender.BatchesAsync(JaegerSpans.Trace, ThriftProtocol.Binary)),
            _ => System.Text.Encoding.UTF8.GetBytes(Zipkin),
        };

    private static async Task<HttpResponseMessage> PostAsync(ReceiverHost host, string receiver, byte[] body, string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(
            receiver switch
            {
                OtlpHttpReceiver.Name => "application/x-protobuf",
                JaegerThriftHttpReceiver.Name => "application/x-thrift",
                _ => "application/json",
            }
        );
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await host.Http.PostAsync(Path(receiver), content, Cancel);
    }

    private static async Task<byte[]> BombAsync(int mebibytes)
    {
        using var buffer = new MemoryStream();
        await using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < mebibytes; i++)
            {
                await gzip.WriteAsync(zeros, Cancel);
            }
        }

        return buffer.ToArray();
    }
}
