using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Traces that reach the Jaeger long after they started are pulled too.</summary>
public class PullLateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60)]
    [InlineData(JaegerRelease.V2_10)]
    [InlineData(JaegerRelease.Later)]
    public async Task Following_takes_traces_that_arrive_up_to_a_day_after_their_start(JaegerRelease release)
    {
        var traffic = FakeTraffic.Traces(201, 300, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano + (2 * PullSetup.Hour), "kubo");
        var options = new FakeJaegerOptions { Release = release };
        var clock = new SkippingClock(PullSetup.Now);
        var archive = new FakeArchive(options, clock);
        var random = new Random(201);
        foreach (var trace in traffic)
        {
            // Whole traces, or a late root of a trace that is known: from now to 24 h after the start, an even share in each hour.
            var start = trace.Min(span => JaegerTime.UnixNano(span.StartTime));
            var late = start + random.NextInt64(24 * PullSetup.Hour);
            var early = random.Next(2) == 0 ? trace.Skip(1) : [];
            foreach (var span in trace)
            {
                archive.WriteLater(early.Contains(span) ? start + 1_000_000_000 : late, [span]);
            }
        }

        await using var fake = await FakeJaegerServer.StartAsync(options, archive);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var board = new PullStatusBoard();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, PullTransport.Grpc),
                Services = ["kubo"],
                Follow = true,
                PollInterval = TimeSpan.FromMinutes(2),
                Since = TimeSpan.FromHours(24),
            },
            pulled.Store,
            pulled.Sink,
            board,
            clock
        );
        await PullSetup.FollowAsync(worker, clock, PullSetup.Now + TimeSpan.FromHours(28));

        Assert.Equal(0, archive.PendingArrivals);
        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = Assert.Single(board.Snapshot());
        Assert.True(status.ReadUntil > PullSetup.Now + TimeSpan.FromHours(27), $"read once until {status.ReadUntil}");
        Assert.InRange(status.CompleteUntil!.Value, PullSetup.Now + TimeSpan.FromHours(2), PullSetup.Now + TimeSpan.FromHours(4.1));
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_second_pull_takes_what_arrived_late_since_the_first()
    {
        var traffic = FakeTraffic.Traces(211, 200, PullSetup.NowNano - (23 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
        var late = FakeTraffic.Traces(212, 5, PullSetup.NowNano - (20 * PullSetup.Hour), PullSetup.NowNano - (19 * PullSetup.Hour), "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc) };
        var first = await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(
            null,
            Cancel
        );
        Assert.True(first.Duplicates < 0.3 * first.Spans, $"{first.Duplicates} of {first.Spans} spans moved twice");

        fake.Archive.Write(late.SelectMany(trace => trace));
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now.AddMinutes(5))).RunAsync(
            null,
            Cancel
        );

        await pulled.AssertHoldsExactlyAsync([.. traffic, .. late]);
    }
}
