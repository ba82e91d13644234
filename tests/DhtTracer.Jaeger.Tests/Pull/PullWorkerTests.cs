using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Pulls from a Jaeger that truncates silently, shuffles, fails and disconnects; nothing may be missing and nothing
/// double.</summary>
public class PullWorkerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60, PullTransport.Grpc, 1, 8000)]
    [InlineData(JaegerRelease.V1_60, PullTransport.HttpV3, 2, 1500)]
    [InlineData(JaegerRelease.V1_60, PullTransport.HttpV1, 3, 1500)]
    [InlineData(JaegerRelease.V2_10, PullTransport.Grpc, 4, 8000)]
    [InlineData(JaegerRelease.V2_10, PullTransport.HttpV3, 6, 1500)]
    [InlineData(JaegerRelease.V2_10, PullTransport.HttpV1, 7, 1500)]
    [InlineData(JaegerRelease.V2_10, PullTransport.GrpcV3, 5, 1500)]
    [InlineData(JaegerRelease.Later, PullTransport.HttpV3, 8, 1500)]
    [InlineData(JaegerRelease.Later, PullTransport.Grpc, 9, 1500)]
    public async Task An_archive_comes_out_whole_at_depth_100(JaegerRelease release, PullTransport transport, int seed, int whole)
    {
        var traces = Math.Max(1500, Trials.Share(whole));
        var traffic = FakeTraffic.Traces(
            seed,
            traces,
            PullSetup.NowNano - (24 * PullSetup.Hour),
            PullSetup.NowNano - PullSetup.Hour,
            "kubo",
            "js",
            "rainbow"
        );
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions
            {
                Release = release,
                Seed = seed,
                ErrorRate = 0.03,
                DisconnectRate = 0.03,
            },
            traffic
        );
        var clock = new SkippingClock(PullSetup.Now);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var worker = new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, transport),
                Transport = transport,
                Depth = 100,
                Since = TimeSpan.FromHours(25),
            },
            pulled.Store,
            pulled.Sink,
            clock: clock
        );

        var total = await worker.RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        // A trace of several services comes once for each of them, and is counted once.
        Assert.Equal((3, traces), (total.Services, total.Traces));
        Assert.Equal(traffic.Sum(trace => trace.DistinctBy(span => span.SpanId).Count()), total.Spans);
        Assert.True(total.WindowsBisected + total.Retries > 0);
        Assert.Equal(1, total.Fraction);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60, 11)]
    [InlineData(JaegerRelease.V2_10, 12)]
    public async Task Following_takes_late_spans_and_half_written_traces_before_the_ring_drops_them(JaegerRelease release, int seed)
    {
        const int traces = 4000;

        // Two hours of traffic through a ring that holds a fifth of it; every span arrives up to five minutes after it ended.
        var traffic = FakeTraffic.Traces(seed, traces, PullSetup.NowNano, PullSetup.NowNano + (2 * PullSetup.Hour), "kubo");
        var options = new FakeJaegerOptions
        {
            Release = release,
            Seed = seed,
            RingSize = traces / 5,
            ErrorRate = 0.02,
            DisconnectRate = 0.02,
        };
        var clock = new SkippingClock(PullSetup.Now);
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
                Source = PullSetup.Source(fake, PullTransport.Grpc),
                Depth = 100,
                Services = ["kubo"],
                Follow = true,
                PollInterval = TimeSpan.FromSeconds(20),
                Late = TimeSpan.FromMinutes(10),
            },
            pulled.Store,
            pulled.Sink,
            board,
            clock
        );
        await PullSetup.FollowAsync(worker, clock, PullSetup.Now + TimeSpan.FromHours(2.5));

        Assert.Equal(0, archive.PendingArrivals);
        Assert.True(archive.Evicted > 0);
        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = Assert.Single(board.Snapshot());
        Assert.True(status.Duplicates > 0);
        Assert.True(status.CompleteUntil > PullSetup.Now + TimeSpan.FromHours(2));
        Assert.True(status.CompleteUntil <= clock.GetUtcNow() - TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_second_pull_takes_only_what_is_new_and_reads_only_what_is_unsettled()
    {
        var traffic = FakeTraffic.Traces(21, 1000, PullSetup.NowNano - (24 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Seed = 21 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions
        {
            Source = PullSetup.Source(fake, PullTransport.Grpc),
            Depth = 100,
            Since = TimeSpan.FromHours(25),
            Late = TimeSpan.FromMinutes(10),
        };
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);
        var searches = fake.Archive.Searches;
        var late = FakeTraffic.Traces(22, 10, PullSetup.NowNano - (PullSetup.Hour / 20), PullSetup.NowNano - (PullSetup.Hour / 30), "kubo");
        fake.Archive.Write(late.SelectMany(trace => trace));

        var second = await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(
            null,
            Cancel
        );

        Assert.Equal(10, second.Traces);
        Assert.True(fake.Archive.Searches - searches < 5, $"{fake.Archive.Searches - searches} searches");
        await pulled.AssertHoldsExactlyAsync([.. traffic, .. late]);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Reaching_further_back_than_the_checkpoint_takes_the_older_traces_too()
    {
        var traffic = FakeTraffic.Traces(31, 500, PullSetup.NowNano - (24 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Seed = 31 }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions
        {
            Source = PullSetup.Source(fake, PullTransport.Grpc),
            Depth = 100,
            Since = TimeSpan.FromHours(2),
        };
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        await new PullWorker(
            options with
            {
                Since = TimeSpan.FromHours(25),
            },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Jaegers_own_traces_are_left_out_unless_asked_for_by_name()
    {
        var own = FakeTraffic.Traces(91, 5, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "jaeger");
        var others = FakeTraffic.Traces(92, 5, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), [.. own, .. others]);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc) };

        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);
        await pulled.AssertHoldsExactlyAsync(others);

        await new PullWorker(
            options with
            {
                Services = ["jaeger"],
            },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);
        await pulled.AssertHoldsExactlyAsync([.. own, .. others]);
    }
}
