using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>How much comes over the wire for what is new, by the count of the Jaeger that sends it.</summary>
public class PullVolumeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60, 6000)]
    [InlineData(JaegerRelease.V2_10, 6000)]
    [InlineData(JaegerRelease.Later, 6000)]
    public async Task A_full_pull_moves_at_most_1_3_spans_for_each_new_one(JaegerRelease release, int whole)
    {
        var traces = Math.Max(1500, Trials.Share(whole));
        var traffic = FakeTraffic.Traces(301, traces, PullSetup.NowNano - (24 * PullSetup.Hour), PullSetup.NowNano, "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Release = release }, traffic);
        await using var pulled = await PulledStore.CreateAsync();

        var total = await Worker(fake, pulled, new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        Assert.InRange(fake.Archive.SpansSent / (double)total.Spans, 1, 1.3);
        Assert.InRange(total.Moved, total.Spans, fake.Archive.SpansSent);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Traces_of_three_services_are_fetched_once_where_the_jaeger_has_summaries()
    {
        var traffic = FakeTraffic.Traces(302, 1000, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano, "kubo", "js", "rainbow");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Release = JaegerRelease.Later }, traffic);
        await using var pulled = await PulledStore.CreateAsync();
        var clock = new SkippingClock(PullSetup.Now);

        // One service after another, as their order decides how much comes twice.
        foreach (var service in new[] { "kubo", "js", "rainbow" })
        {
            await Worker(fake, pulled, clock, service).RunAsync(null, Cancel);
        }

        await pulled.AssertHoldsExactlyAsync(traffic);
        var spans = traffic.Sum(trace => trace.Count);
        Assert.InRange(fake.Archive.SpansSent, spans, spans * 1.5);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V2_10, 2, 40)]
    [InlineData(JaegerRelease.Later, 1, 1.5)]
    public async Task Following_says_how_much_it_reads_again_which_is_little_where_the_jaeger_has_summaries(
        JaegerRelease release,
        double least,
        double most
    )
    {
        var traffic = FakeTraffic.Traces(303, 500, PullSetup.NowNano, PullSetup.NowNano + (2 * PullSetup.Hour), "kubo");
        var options = new FakeJaegerOptions { Release = release };
        var clock = new SkippingClock(PullSetup.Now);
        var archive = new FakeArchive(options, clock);
        foreach (var span in traffic.SelectMany(trace => trace))
        {
            archive.WriteLater(JaegerTime.UnixNano(span.StartTime) + JaegerTime.Nanoseconds(span.Duration), [span]);
        }

        await using var fake = await FakeJaegerServer.StartAsync(options, archive);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var board = new PullStatusBoard();
        await PullSetup.FollowAsync(
            new PullWorker(
                new PullOptions
                {
                    Source = PullSetup.Source(fake, PullTransport.Grpc),
                    Services = ["kubo"],
                    Follow = true,
                    PollInterval = TimeSpan.FromMinutes(5),
                },
                pulled.Store,
                pulled.Sink,
                board,
                clock
            ),
            clock,
            PullSetup.Now + TimeSpan.FromHours(26.5)
        );

        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = board.Snapshot().Single();
        var ratio = archive.SpansSent / (double)status.Spans;
        Assert.True(
            ratio >= least && ratio <= most,
            $"{ratio}: {archive.Searches} searches, {status.Windows} windows, {status.WindowsBisected} cut, {status.Reread} again"
        );
        Assert.InRange(status.Moved, archive.SpansSent * 0.9, archive.SpansSent);

        // What is read for the first time moves a little more than is new: later spans of a trace bring the earlier ones again.
        Assert.InRange(status.Reread, status.Moved - (1.5 * status.Spans), status.Moved - status.Spans + (0.3 * status.Spans));
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task Spans_to_which_a_jaeger_added_warnings_are_not_stored_again()
    {
        var traffic = FakeTraffic.Traces(304, 100, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano, "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), traffic);
        await using var pulled = await PulledStore.CreateAsync();
        await Worker(fake, pulled, new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        foreach (var span in traffic.SelectMany(trace => trace).Distinct())
        {
            span.Warnings.Add("clock skew adjustment disabled; not applying calculated delta");
        }

        var second = await Worker(fake, pulled, new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        Assert.Equal(0, second.Spans);
        Assert.True(second.Duplicates >= traffic.Sum(trace => trace.Distinct().Count()));
    }

    private static PullWorker Worker(FakeJaegerServer fake, PulledStore pulled, TimeProvider clock, string service = "kubo") =>
        new(
            new PullOptions
            {
                Source = PullSetup.Source(fake, PullTransport.Grpc),
                Services = [service],
                Since = TimeSpan.FromHours(25),
            },
            pulled.Store,
            pulled.Sink,
            clock: clock
        );
}
