using System.Diagnostics;
using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Traces.Jaeger.Proto;
using GrpcStatusCode = Grpc.Core.StatusCode;
using RpcException = Grpc.Core.RpcException;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Whatever a Jaeger or the clock does, a pull neither storms it, nor hangs, nor stands still for ever.</summary>
public class PullEnduranceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(GrpcStatusCode.OK)]
    [InlineData(GrpcStatusCode.Unavailable)]
    [InlineData(GrpcStatusCode.Internal)]
    [InlineData(GrpcStatusCode.ResourceExhausted)]
    [InlineData(GrpcStatusCode.DeadlineExceeded)]
    [InlineData(GrpcStatusCode.InvalidArgument)]
    [InlineData(GrpcStatusCode.Unimplemented)]
    public async Task A_server_that_always_answers_the_same_is_asked_at_most_twice_a_second(GrpcStatusCode status)
    {
        const int Calls = 400;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var server = await OddServer.StartAsync(
            _ =>
                status == GrpcStatusCode.OK
                    ? AsyncEnumerable.Empty<SpansResponseChunk>()
                    : throw new RpcException(new Grpc.Core.Status(status, "always")),
            number =>
            {
                if (number >= Calls)
                    stop.Cancel();
            }
        );
        var clock = new SkippingClock(PullSetup.Now);
        await using var pulled = await PulledStore.CreateAsync();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = server.Source,
                Services = ["kubo"],
                Follow = true,
                Transport = PullTransport.Grpc,
            },
            pulled.Store,
            pulled.Sink,
            clock: clock
        );

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.RunAsync(null, stop.Token));

        Assert.True(stop.IsCancellationRequested && !Cancel.IsCancellationRequested);
        Assert.InRange(clock.GetUtcNow() - PullSetup.Now, TimeSpan.FromSeconds(Calls / 2), TimeSpan.FromDays(2));
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_without_end_is_left_and_the_pull_that_does_not_follow_ends(bool empty)
    {
        await using var server = await OddServer.StartAsync(empty ? OddServer.Nothing : OddServer.OneTrace);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = server.Source,
                Services = ["kubo"],
                Transport = PullTransport.Grpc,
                Since = TimeSpan.FromSeconds(1),
                Late = TimeSpan.FromSeconds(1),
                RequestTimeout = TimeSpan.FromMilliseconds(100),
                GiveUpAfter = TimeSpan.FromMinutes(2),
            },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        );

        await Assert.ThrowsAsync<PullException>(() => worker.RunAsync(null, Cancel));

        var status = board.Snapshot().Single();
        Assert.Equal(PullActivity.Failed, status.Activity);
        Assert.True(status.WindowsIncomplete > 0);
        Assert.InRange(server.Calls, 20, 500);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_ends_a_pull_in_the_middle_of_a_stream_without_end(bool empty)
    {
        await using var server = await OddServer.StartAsync(empty ? OddServer.Nothing : OddServer.OneTrace);
        await using var pulled = await PulledStore.CreateAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var worker = new PullWorker(
            new PullOptions
            {
                Source = server.Source,
                Services = ["kubo"],
                Follow = true,
                Transport = PullTransport.Grpc,
            },
            pulled.Store,
            pulled.Sink
        );
        var running = worker.RunAsync(null, stop.Token);
        while (server.Calls < 2)
        {
            await Task.Delay(20, Cancel);
        }

        await Task.Delay(500, Cancel);
        var asked = Stopwatch.StartNew();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(20), $"ended after {asked.Elapsed}");
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trace_that_the_server_cannot_read_is_passed_over_and_said_to_be_missing(bool follow)
    {
        var traffic = FakeTraffic.Traces(131, 300, PullSetup.NowNano - (5 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
        var bad = FakeTraffic
            .Traces(132, 1, PullSetup.NowNano - (2 * PullSetup.Hour), PullSetup.NowNano - (2 * PullSetup.Hour) + 1, "kubo")[0]
            .Take(1)
            .Select(span => span.Clone())
            .ToList();
        bad[0].OperationName = "unreadable";
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions { FailsOn = span => span.OperationName == "unreadable" },
            [.. traffic, bad]
        );
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var worker = new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, PullTransport.Grpc),
                Services = ["kubo"],
                Follow = follow,
                GiveUpAfter = follow ? null : TimeSpan.FromMinutes(2),
            },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        );
        var running = worker.RunAsync(
            new PullSetup.Callback(step =>
            {
                if (follow && step.Fraction >= 1)
                    stop.Cancel();
            }),
            stop.Token
        );

        if (follow)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }
        else
        {
            await running;
        }

        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = board.Snapshot().Single();
        Assert.Equal(1, status.WindowsIncomplete);
        Assert.Contains("cannot be read", status.LastError, StringComparison.Ordinal);
        Assert.Contains("cannot read a span", status.LastError, StringComparison.Ordinal);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_clock_that_was_ahead_and_is_set_back_loses_no_trace()
    {
        var clock = new SetClock(PullSetup.Now);
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions(),
            FakeTraffic.Traces(141, 20, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano, "kubo")
        );
        var early = FakeTraffic.Traces(141, 20, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano, "kubo");
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();
        var options = new PullOptions
        {
            Source = PullSetup.Source(fake, PullTransport.Grpc),
            Services = ["kubo"],
            Follow = true,
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = new PullWorker(options, pulled.Store, pulled.Sink, board, clock).RunAsync(null, stop.Token);
        try
        {
            // Thirty days ahead: read up to there, and some more.
            clock.Ahead = TimeSpan.FromDays(30);
            await UntilAsync(() => board.Snapshot().SingleOrDefault()?.ReadUntil > PullSetup.Now + TimeSpan.FromDays(30));

            // What happens meanwhile carries the right time, which the puller believes to have read long ago.
            var meanwhile = FakeTraffic.Traces(
                142,
                20,
                JaegerTime.UnixNano(clock.RightNow) - 1_000_000_000,
                JaegerTime.UnixNano(clock.RightNow),
                "kubo"
            );
            fake.Archive.Write(meanwhile.SelectMany(trace => trace));
            clock.Ahead = TimeSpan.Zero;
            await UntilAsync(() => board.Snapshot().Single().Traces >= 40);

            await pulled.AssertHoldsExactlyAsync([.. early, .. meanwhile]);
            await UntilAsync(() => board.Snapshot().Single().CompleteUntil <= clock.RightNow);
        }
        finally
        {
            await stop.CancelAsync();
            await running.ContinueWith(
                static ended => _ = ended.Exception,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_checkpoint_of_a_clock_that_was_ahead_is_not_believed()
    {
        var traffic = FakeTraffic.Traces(151, 20, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions(), []);
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions { Source = PullSetup.Source(fake, PullTransport.Grpc), Services = ["kubo"] };
        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now + TimeSpan.FromDays(30))).RunAsync(
            null,
            Cancel
        );
        fake.Archive.Write(traffic.SelectMany(trace => trace));

        await new PullWorker(options, pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, Cancel);
        }
    }

    /// <summary>A clock that runs a thousand times as fast and can be wrong.</summary>
    private sealed class SetClock(DateTimeOffset start) : TimeProvider
    {
        private readonly Stopwatch _since = Stopwatch.StartNew();
        private long _aheadTicks;

        public TimeSpan Ahead
        {
            get => new(Volatile.Read(ref _aheadTicks));
            set => Volatile.Write(ref _aheadTicks, value.Ticks);
        }

        public DateTimeOffset RightNow => start + (_since.Elapsed * 1000);

        public override DateTimeOffset GetUtcNow() => RightNow + Ahead;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(
                callback,
                state,
                dueTime == Timeout.InfiniteTimeSpan ? dueTime : dueTime / 1000,
                period == Timeout.InfiniteTimeSpan ? period : period / 1000
            );
    }
}
