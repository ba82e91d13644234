using DhtTracer.Jaeger.Receiving;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using GrpcStatusCode = Grpc.Core.StatusCode;
using RpcException = Grpc.Core.RpcException;

namespace DhtTracer.Jaeger.Tests.Receiving;

public class JaegerGrpcReceiverTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Spans_are_stored_before_the_answer()
    {
        await using var host = await StartAsync();
        foreach (var batch in JaegerModel.EncodeBatches(JaegerSpans.Trace))
        {
            await PostAsync(host, new PostSpansRequest { Batch = batch });
        }

        Assert.Equal(JaegerSpans.Trace, await host.TraceAsync(JaegerSpans.Id));
        Assert.Equal(2, host.Sink.Statistics.Snapshot().Single().Spans);
    }

    [Fact]
    public async Task The_process_of_a_span_counts_before_that_of_its_batch()
    {
        await using var host = await StartAsync();
        var batch = JaegerModel.EncodeBatches(JaegerSpans.Trace).Single();
        batch.Spans[1].Process = new Process { ServiceName = "other" };
        await PostAsync(host, new PostSpansRequest { Batch = batch });
        Assert.Equal(["kubo", "other"], (await host.TraceAsync(JaegerSpans.Id)).Select(span => span.Resource.ServiceName));
    }

    [Fact]
    public async Task A_span_without_an_id_is_counted_and_its_neighbours_are_kept()
    {
        await using var host = await StartAsync();
        var batch = JaegerModel.EncodeBatches(JaegerSpans.Trace).Single();
        batch.Spans[0].TraceId = ByteString.CopyFrom(new byte[16]);
        await PostAsync(host, new PostSpansRequest { Batch = batch });
        Assert.Single(await host.TraceAsync(JaegerSpans.Id));
        Assert.Equal((1, 1), ((int)host.Sink.Statistics.Snapshot().Single().Spans, (int)host.Sink.Statistics.Snapshot().Single().Rejected));
    }

    [Fact]
    public async Task A_batch_of_which_nothing_can_be_kept_and_no_batch_at_all_are_refused()
    {
        await using var host = await StartAsync();
        var batch = new Batch { Spans = { new Span { SpanId = ByteString.CopyFrom(1) } } };
        Assert.Equal(
            GrpcStatusCode.InvalidArgument,
            (await Assert.ThrowsAsync<RpcException>(() => PostAsync(host, new PostSpansRequest { Batch = batch }))).StatusCode
        );
        Assert.Equal(
            GrpcStatusCode.InvalidArgument,
            (await Assert.ThrowsAsync<RpcException>(() => PostAsync(host, new PostSpansRequest()))).StatusCode
        );
    }

    private static Task<ReceiverHost> StartAsync() =>
        ReceiverHost.StartAsync((app, _, _) => app.MapJaegerGrpc(), HttpProtocols.Http2, services => services.AddJaegerGrpc());

    private static async Task PostAsync(ReceiverHost host, PostSpansRequest request)
    {
        using var channel = GrpcChannel.ForAddress(host.Address);
        await channel.UnaryAsync<PostSpansRequest, PostSpansResponse>(
            JaegerGrpcReceiver.PostSpansMethod.FullName,
            request,
            Long,
            TestContext.Current.CancellationToken
        );
    }
}
