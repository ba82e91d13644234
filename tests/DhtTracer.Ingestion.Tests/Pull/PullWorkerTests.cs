using DhtTracer.FakeJaeger;
using DhtTracer.Ingestion.Pull;
using DhtTracer.Traces;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Ingestion.Tests.Pull;

/// <summary>Pulls from a Jaeger that truncates silently, shuffles, fails and disconnects; nothing may be missing and nothing double.</summary>
public class PullWorkerTests
{
    private const int TraceCount = 10_000;
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly long NowNano = JaegerTime.UnixNano(Now);
    private const long Hour = 3_600_000_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(JaegerRelease.V1_60, PullTransport.Grpc, 1)]
    [InlineData(JaegerRelease.V1_60, PullTransport.HttpV3, 2)]
    [InlineData(JaegerRelease.V1_60, PullTransport.HttpV1, 3)]
    [InlineData(JaegerRelease.V2_10, PullTransport.Grpc, 4)]
    [InlineData(JaegerRelease.V2_10, PullTransport.Grpc, 5)]
    [InlineData(JaegerRelease.V2_10, PullTransport.HttpV3, 6)]
    [InlineData(JaegerRelease.V2_10, PullTransport.HttpV1, 7)]
    [InlineData(JaegerRelease.Later, PullTransport.HttpV3, 8)]
    public async Task An_archive_of_10000_traces_comes_out_whole_at_depth_100(JaegerRelease release, PullTransport transport, int seed)
    {
        var traffic = FakeTraffic.Traces(seed, TraceCount, NowNano - (24 * Hour), NowNano - Hour, "kubo", "js", "rainbow");
        await using var fake = await StartAsync(new FakeJaegerOptions { Release = release, Seed = seed, ErrorRate = 0.03, DisconnectRate = 0.03 }, traffic);
        var clock = new SkippingClock(Now);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var worker = new PullWorker(
            new PullOptions { Source = Source(fake, transport), Transport = transport, Depth = 100, Since = TimeSpan.FromHours(25) },
            pulled.Store,
            pulled.Sink,
            clock: clock);

        var total = await worker.RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.Equal(3, total.Services);
        Assert.True(total.WindowsBisected > 0);
        Assert.True(total.Retries > 0);
        Assert.Equal(1, total.Fraction);
    }

    [Theory]
    [InlineData(JaegerRelease.V1_60, 11)]
    [InlineData(JaegerRelease.V2_10, 12)]
    [InlineData(JaegerRelease.V2_10, 13)]
    public async Task Following_takes_late_spans_and_half_written_traces_before_the_ring_drops_them(JaegerRelease release, int seed)
    {
        // Two hours of traffic through a ring that holds a fifth of it; every span arrives up to five minutes after it ended.
        var traffic = FakeTraffic.Traces(seed, TraceCount, NowNano, NowNano + (2 * Hour), "kubo");
        var options = new FakeJaegerOptions { Release = release, Seed = seed, RingSize = TraceCount / 5, ErrorRate = 0.02, DisconnectRate = 0.02 };
        var clock = new SkippingClock(Now);
        var archive = new FakeArchive(options, clock);
        var random = new Random(seed);
        foreach (var span in traffic.SelectMany(trace => trace))
        {
            var end = JaegerTime.UnixNano(span.StartTime) + JaegerTime.Nanoseconds(span.Duration);
            archive.WriteLater(end + random.NextInt64(random.Next(10) == 0 ? 300_000_000_000 : 5_000_000_000), [span]);
        }

        await using var fake = await FakeJaegerServer.StartAsync(options, archive);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var board = new PullStatusBoard();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = Source(fake, PullTransport.Grpc),
                Depth = 100,
                Services = ["kubo"],
                Follow = true,
                PollInterval = TimeSpan.FromSeconds(20),
                SettleAfter = TimeSpan.FromMinutes(10),
            },
            pulled.Store,
            pulled.Sink,
            board,
            clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var end2 = Now + TimeSpan.FromHours(2.5);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => worker.RunAsync(new Callback(_ => { if (clock.GetUtcNow() > end2) stop.Cancel(); }), stop.Token));

        Assert.Equal(0, archive.PendingArrivals);
        Assert.True(archive.Evicted > 0);
        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = Assert.Single(board.Snapshot());
        Assert.True(status.Duplicates > 0);
        Assert.True(status.CompleteUntil > Now + TimeSpan.FromHours(2));
        Assert.True(status.CompleteUntil <= clock.GetUtcNow() - TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_second_pull_takes_only_what_is_new_and_reads_only_what_is_unsettled()
    {
        var traffic = FakeTraffic.Traces(21, 3000, NowNano - (24 * Hour), NowNano - Hour, "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions { Seed = 21 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 100, Since = TimeSpan.FromHours(25) };
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);
        var searches = fake.Archive.Searches;
        var late = FakeTraffic.Traces(22, 10, NowNano - (Hour / 20), NowNano - (Hour / 30), "kubo");
        fake.Archive.Write(late.SelectMany(trace => trace));

        var second = await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        Assert.Equal(10, second.Traces);
        Assert.True(fake.Archive.Searches - searches < 5, $"{fake.Archive.Searches - searches} searches");
        await pulled.AssertHoldsExactlyAsync([.. traffic, .. late]);
    }

    [Fact]
    public async Task Reaching_further_back_than_the_checkpoint_takes_the_older_traces_too()
    {
        var traffic = FakeTraffic.Traces(31, 500, NowNano - (24 * Hour), NowNano - Hour, "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions { Seed = 31 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 100, Since = TimeSpan.FromHours(2) };
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        await new PullWorker(options with { Since = TimeSpan.FromHours(25) }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Theory]
    [InlineData(JaegerRelease.V1_60)]
    [InlineData(JaegerRelease.V2_10)]
    public async Task More_traces_in_one_microsecond_than_the_depth_are_taken_by_asking_deeper(JaegerRelease release)
    {
        var start = NowNano - Hour;
        var traffic = FakeTraffic.Traces(41, 1000, start, start + 1, "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions { Release = release, RingSize = 5000 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();

        var total = await new PullWorker(
            new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 100 }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.Equal(1000, total.Traces);
    }

    [Fact]
    public async Task A_ring_as_deep_as_its_own_limit_is_cut_into_nanoseconds()
    {
        // 100 traces in one microsecond, and a server that hands out 100 at most: only finer windows tell that none is missing.
        var start = NowNano - Hour;
        var traffic = Enumerable.Range(0, 100).SelectMany(i => FakeTraffic.Traces(50 + i, 1, start + (i * 10), start + (i * 10) + 1, "kubo")).ToList();
        await using var fake = await StartAsync(new FakeJaegerOptions { RingSize = 100 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 100 }, pulled.Store, pulled.Sink, board, new SkippingClock(Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.Equal(0, board.Snapshot().Single().WindowsIncomplete);
    }

    [Fact]
    public async Task Traces_that_no_search_can_reach_are_said_to_be_missing()
    {
        var start = NowNano - Hour;
        var traffic = FakeTraffic.Traces(61, 50, start, start + 1, "kubo");
        foreach (var span in traffic.SelectMany(trace => trace))
        {
            span.StartTime = JaegerTime.Timestamp(start);
        }

        await using var fake = await StartAsync(new FakeJaegerOptions { RingSize = 50 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 50 }, pulled.Store, pulled.Sink, board, new SkippingClock(Now)).RunAsync(null, Cancel);

        // All 50 came, but as many as the server ever hands out: nobody can know whether there are more.
        var status = board.Snapshot().Single();
        Assert.Equal(1, status.WindowsIncomplete);
        Assert.Contains("some are missing", status.LastError, StringComparison.Ordinal);
        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact]
    public async Task A_depth_above_the_servers_limit_is_lowered()
    {
        var traffic = FakeTraffic.Traces(71, 30, NowNano - Hour, NowNano - (Hour / 2), "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions { RingSize = 40 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(
            new PullOptions { Source = Source(fake, PullTransport.Grpc), Depth = 1500 }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact]
    public async Task Chunks_above_four_mebibytes_are_taken_and_raw_traces_are_asked_for()
    {
        var trace = FakeTraffic.Traces(81, 1, NowNano - Hour, NowNano - Hour + 1, "kubo")[0].Take(1).ToList();
        for (var i = 0; i < 10; i++)
        {
            var span = trace[0].Clone();
            span.SpanId = Google.Protobuf.ByteString.CopyFrom(BitConverter.GetBytes(1_000_000L + i));
            span.Tags.Add(new Proto.KeyValue { Key = "payload", VStr = new string((char)('a' + i), 600_000) });
            trace.Add(span);
        }

        await using var fake = await StartAsync(new FakeJaegerOptions(), [trace]);
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(new PullOptions { Source = Source(fake, PullTransport.Grpc) }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);

        var stored = await pulled.Store.GetTraceAsync(TraceId.FromBytes(trace[0].TraceId.Span), Cancel);
        Assert.Equal(11, stored.Count);
        Assert.Equal(600_000, stored.Max(span => span.Attributes.GetString("payload")?.Length ?? 0));
        Assert.DoesNotContain(stored, span => span.Attributes.Any(item => item.Key == "@jaeger@warnings"));
    }

    [Fact]
    public async Task Jaegers_own_traces_are_left_out_unless_asked_for_by_name()
    {
        var own = FakeTraffic.Traces(91, 5, NowNano - Hour, NowNano - (Hour / 2), "jaeger");
        var others = FakeTraffic.Traces(92, 5, NowNano - Hour, NowNano - (Hour / 2), "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions(), [.. own, .. others]);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = Source(fake, PullTransport.Grpc) };

        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);
        await pulled.AssertHoldsExactlyAsync(others);

        await new PullWorker(options with { Services = ["jaeger"] }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now)).RunAsync(null, Cancel);
        await pulled.AssertHoldsExactlyAsync([.. own, .. others]);
    }

    [Fact]
    public async Task A_jaeger_that_is_away_for_three_days_is_waited_for()
    {
        var traffic = FakeTraffic.Traces(101, 50, NowNano - Hour, NowNano - (Hour / 2), "kubo");
        await using var first = await StartAsync(new FakeJaegerOptions(), []);
        var source = Source(first, PullTransport.Grpc);
        await first.DisposeAsync();
        var clock = new SkippingClock(Now);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var board = new PullStatusBoard();
        var worker = new PullWorker(new PullOptions { Source = source, Services = ["kubo"], Follow = true, Transport = PullTransport.Grpc }, pulled.Store, pulled.Sink, board, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = worker.RunAsync(new Callback(progress => { if (progress.Traces == 50) stop.Cancel(); }), stop.Token);
        while (clock.GetUtcNow() < Now + TimeSpan.FromDays(3))
        {
            Assert.False(running.IsCompleted);
            await Task.Delay(20, Cancel);
        }

        Assert.Equal(PullActivity.BackingOff, board.Snapshot().Single().Activity);
        Assert.NotNull(board.Snapshot().Single().LastError);
        await using var second = await FakeJaegerServer.StartAsync(new FakeJaegerOptions { GrpcPort = new Uri(source.Replace("jaeger://", "http://", StringComparison.Ordinal)).Port });
        second.Archive.Write(traffic.SelectMany(trace => trace));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact]
    public async Task Giving_up_says_where_and_what_to_do()
    {
        await using var pulled = await PulledStore.CreateAsync();
        var worker = new PullWorker(
            new PullOptions { Source = "jaeger://127.0.0.1:1", Services = ["kubo"], GiveUpAfter = TimeSpan.FromMinutes(2) }, pulled.Store, pulled.Sink, clock: new SkippingClock(Now));

        var error = await Assert.ThrowsAsync<PullException>(() => worker.RunAsync(null, Cancel));

        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
        Assert.Contains("start the pull again", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, true, PullTransport.Grpc)]
    [InlineData(false, true, true, PullTransport.HttpV3)]
    [InlineData(false, true, false, PullTransport.HttpV1)]
    public async Task The_best_transport_that_answers_is_chosen(bool grpc, bool v1, bool v3, PullTransport expected)
    {
        var traffic = FakeTraffic.Traces(111, 20, NowNano - Hour, NowNano - (Hour / 2), "kubo");
        await using var fake = await StartAsync(new FakeJaegerOptions { ServeGrpc = grpc, ServeHttpV1 = v1, ServeHttpV3 = v3 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        // Both ports are free ones here, so each address names one of them.
        var source = grpc ? Source(fake, PullTransport.Grpc) : Source(fake, PullTransport.HttpV3);
        await new PullWorker(new PullOptions { Source = source }, pulled.Store, pulled.Sink, board, new SkippingClock(Now)).RunAsync(null, Cancel);

        Assert.Equal(expected, board.Snapshot().Single().Transport);
        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    private static async Task<FakeJaegerServer> StartAsync(FakeJaegerOptions options, IReadOnlyList<IReadOnlyList<Proto.Span>> traffic)
    {
        var fake = await FakeJaegerServer.StartAsync(options);
        fake.Archive.Write(traffic.SelectMany(trace => trace));
        return fake;
    }

    private static string Source(FakeJaegerServer fake, PullTransport transport) => transport == PullTransport.Grpc
        ? $"jaeger://127.0.0.1:{fake.GrpcAddress.Port}"
        : $"http://127.0.0.1:{fake.HttpAddress.Port}";

    private sealed class Callback(Action<PullProgress> report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => report(value);
    }
}
