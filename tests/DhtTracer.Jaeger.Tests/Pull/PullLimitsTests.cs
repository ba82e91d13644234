using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Traces.Model;
using Model = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Limits of the server on depth, time and size: each is met without losing a trace, or the loss is said.</summary>
public class PullLimitsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60)]
    [InlineData(JaegerRelease.V2_10)]
    public async Task More_traces_in_one_microsecond_than_the_depth_are_taken_by_asking_deeper(JaegerRelease release)
    {
        var start = PullSetup.NowNano - PullSetup.Hour;
        var traffic = FakeTraffic.Traces(41, 1000, start, start + 1, "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Release = release, RingSize = 5000 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();

        var total = await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc), Depth = 100 },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.Equal(1000, total.Traces);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_ring_as_deep_as_its_own_limit_is_cut_into_nanoseconds()
    {
        // 100 traces in one microsecond, and a server that hands out 100 at most: only finer windows tell that none is missing.
        var start = PullSetup.NowNano - PullSetup.Hour;
        var traffic = Enumerable
            .Range(0, 100)
            .SelectMany(i => FakeTraffic.Traces(50 + i, 1, start + (i * 10), start + (i * 10) + 1, "kubo"))
            .ToList();
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { RingSize = 100 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc), Depth = 100 },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.Equal(0, board.Snapshot().Single().WindowsIncomplete);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Traces_that_no_search_can_reach_are_said_to_be_missing()
    {
        var start = PullSetup.NowNano - PullSetup.Hour;
        var traffic = FakeTraffic.Traces(61, 50, start, start + 1, "kubo");
        foreach (var span in traffic.SelectMany(trace => trace))
        {
            span.StartTime = JaegerTime.Timestamp(start);
        }

        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { RingSize = 50 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc), Depth = 50 },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        // All 50 came, but as many as the server ever hands out: nobody can know whether there are more.
        var status = board.Snapshot().Single();
        Assert.Equal(1, status.WindowsIncomplete);
        Assert.Contains("some are missing", status.LastError, StringComparison.Ordinal);
        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_depth_above_the_servers_limit_is_lowered()
    {
        var traffic = FakeTraffic.Traces(71, 30, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { RingSize = 40 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc), Depth = 1500 },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Chunks_above_four_mebibytes_are_taken_and_raw_traces_are_asked_for()
    {
        var trace = FakeTraffic
            .Traces(81, 1, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - PullSetup.Hour + 1, "kubo")[0]
            .Take(1)
            .ToList();
        for (var i = 0; i < 10; i++)
        {
            var span = trace[0].Clone();
            span.SpanId = Google.Protobuf.ByteString.CopyFrom(BitConverter.GetBytes(1_000_000L + i));
            span.Tags.Add(new Model.KeyValue { Key = "payload", VStr = new string((char)('a' + i), 600_000) });
            trace.Add(span);
        }

        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), [trace]);
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc) },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        var stored = await pulled.Store.GetTraceAsync(TraceId.FromBytes(trace[0].TraceId.Span), Cancel);
        Assert.Equal(11, stored.Count);
        Assert.Equal(600_000, stored.Max(span => span.Attributes.GetString("payload")?.Length ?? 0));
        Assert.DoesNotContain(stored, span => span.Attributes.Any(item => item.Key == "@jaeger@warnings"));
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60)]
    [InlineData(JaegerRelease.V2_10)]
    public async Task A_trace_with_the_zero_id_is_left_out_and_the_others_are_taken(JaegerRelease release)
    {
        // It arrives first: v2.10 shows nobody what arrived before it.
        var traffic = FakeTraffic.Traces(83, 30, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        var nameless = FakeTraffic
            .Traces(84, 1, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo")[0]
            .Select(span => span.Clone())
            .ToList();
        foreach (var span in nameless)
        {
            span.TraceId = Google.Protobuf.ByteString.CopyFrom(new byte[16]);
        }

        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Release = release }, [nameless, .. traffic]);
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(
            new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc) },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(PullTransport.Grpc)]
    [InlineData(PullTransport.HttpV3)]
    [InlineData(PullTransport.HttpV1)]
    public async Task Spans_that_cannot_be_stored_do_not_hide_that_an_answer_was_cut(PullTransport transport)
    {
        // v1.60 hands out the newest by start, and the newest here is a trace that nobody can store: of 100 traces 99 are left.
        var start = PullSetup.NowNano - PullSetup.Hour;
        var traffic = FakeTraffic.Traces(86, 150, start, start + (PullSetup.Hour / 2), "kubo");
        var nameless = traffic[0][0].Clone();
        nameless.TraceId = Google.Protobuf.ByteString.CopyFrom(new byte[16]);
        nameless.StartTime = JaegerTime.Timestamp(start + (PullSetup.Hour * 3 / 4));
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions { Release = JaegerRelease.V1_60 },
            [.. traffic, [nameless]]
        );
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, transport),
                Transport = transport,
                Depth = 100,
            },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.True(board.Snapshot().Single().Rejected > 0);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(PullTransport.HttpV3)]
    [InlineData(PullTransport.HttpV1)]
    [InlineData(PullTransport.Grpc)]
    public async Task Time_without_traces_is_read_as_empty_also_where_that_is_answered_404(PullTransport transport)
    {
        var traffic = FakeTraffic.Traces(85, 5, PullSetup.NowNano - (5 * PullSetup.Hour), PullSetup.NowNano - (4 * PullSetup.Hour), "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), traffic);
        await using var pulled = await PulledStore.CreateAsync();

        var total = await new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, transport),
                Transport = transport,
                Services = ["kubo"],
                Since = TimeSpan.FromHours(2),
            },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        Assert.Equal((0, 0, 1), (total.Traces, total.Retries, total.Windows));
    }
}
