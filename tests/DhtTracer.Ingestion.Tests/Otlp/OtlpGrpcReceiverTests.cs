using DhtTracer.Ingestion.Otlp;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;
using Grpc.Net.Client;
using GrpcStatusCode = Grpc.Core.StatusCode;
using RpcException = Grpc.Core.RpcException;

namespace DhtTracer.Ingestion.Tests.Otlp;

public sealed class OtlpGrpcReceiverTests
{
    [Fact]
    public async Task A_captured_message_is_stored_before_it_is_answered()
    {
        await using var host = await IngestHost.StartAsync();
        using var channel = GrpcChannel.ForAddress(await host.ServeAsync(new OtlpOptions(), grpc: true));
        var message = await File.ReadAllBytesAsync(TestFiles.Data("js-libp2p", "other", "14-dht-put.otlp-grpc.1.pb"));
        var answer = await channel.UnaryBytesAsync(
            OtlpGrpcReceiver.ExportMethod.FullName,
            message,
            TimeSpan.FromSeconds(30),
            CancellationToken.None
        );

        Assert.Empty(answer);
        var spans = OtlpProtobuf.Decode(message);
        var stored = await host.Store.GetTraceAsync(spans[0].TraceId);
        Assert.Equal(spans.OrderBy(span => span.SpanId), stored.OrderBy(span => span.SpanId));
    }

    [Fact]
    public async Task A_message_that_is_no_otlp_is_an_invalid_argument_that_says_where()
    {
        await using var host = await IngestHost.StartAsync();
        using var channel = GrpcChannel.ForAddress(await host.ServeAsync(new OtlpOptions(), grpc: true));
        var error = await Assert.ThrowsAsync<RpcException>(() =>
            channel.UnaryBytesAsync(
                OtlpGrpcReceiver.ExportMethod.FullName,
                new byte[] { 0x0A, 0x05, 0x00 },
                TimeSpan.FromSeconds(30),
                CancellationToken.None
            )
        );
        Assert.Equal(GrpcStatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("at byte 2", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_beyond_the_limit_is_resource_exhausted()
    {
        await using var host = await IngestHost.StartAsync();
        using var channel = GrpcChannel.ForAddress(await host.ServeAsync(new OtlpOptions { MaxInflatedBytes = 1000 }, grpc: true));
        var big = OtlpProtobuf.Encode([MakeSpans.Span(1, 1) with { Name = new string('x', 2000) }]);
        var error = await Assert.ThrowsAsync<RpcException>(() =>
            channel.UnaryBytesAsync(OtlpGrpcReceiver.ExportMethod.FullName, big, TimeSpan.FromSeconds(30), CancellationToken.None)
        );
        Assert.Equal(GrpcStatusCode.ResourceExhausted, error.StatusCode);
    }
}
