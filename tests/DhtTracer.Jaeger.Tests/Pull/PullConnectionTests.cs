using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>A Jaeger that is away, that comes back, and that speaks only some transports.</summary>
public class PullConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_jaeger_that_is_away_for_three_days_is_waited_for()
    {
        var traffic = FakeTraffic.Traces(101, 50, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        await using var first = await PullSetup.StartAsync(new FakeJaegerOptions(), []);
        var source = PullSetup.Source(first, PullTransport.Grpc);
        await first.DisposeAsync();
        var clock = new SkippingClock(PullSetup.Now);
        await using var pulled = await PulledStore.CreateAsync(clock);
        var board = new PullStatusBoard();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = source,
                Services = ["kubo"],
                Follow = true,
                Transport = PullTransport.Grpc,
            },
            pulled.Store,
            pulled.Sink,
            board,
            clock
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = worker.RunAsync(
            new PullSetup.Callback(progress =>
            {
                if (progress.Traces >= 50)
                    stop.Cancel();
            }),
            stop.Token
        );
        try
        {
            while (clock.GetUtcNow() < PullSetup.Now + TimeSpan.FromDays(3))
            {
                Assert.False(running.IsCompleted);
                await Task.Delay(20, Cancel);
            }

            Assert.Equal(PullActivity.BackingOff, board.Snapshot().Single().Activity);
            Assert.NotNull(board.Snapshot().Single().LastError);
            await using var second = await PullSetup.StartAsync(new FakeJaegerOptions { GrpcPort = first.GrpcAddress.Port }, traffic);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            Assert.False(Cancel.IsCancellationRequested);
            await pulled.AssertHoldsExactlyAsync(traffic);
        }
        finally
        {
            // Also when an assertion failed: nothing else would ever stop the puller.
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
    public async Task A_jaeger_that_cannot_say_its_services_is_shown_until_it_can()
    {
        var traffic = FakeTraffic.Traces(
            102,
            5,
            JaegerTime.UnixNano(DateTimeOffset.UtcNow) - PullSetup.Hour,
            JaegerTime.UnixNano(DateTimeOffset.UtcNow),
            "kubo"
        );
        await using var first = await PullSetup.StartAsync(new FakeJaegerOptions(), []);
        await first.DisposeAsync();
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = new PullWorker(
            new PullOptions { Source = PullSetup.Source(first, PullTransport.Grpc), Follow = true },
            pulled.Store,
            pulled.Sink,
            board
        ).RunAsync(null, stop.Token);
        try
        {
            while (board.Snapshot().Count == 0)
            {
                await Task.Delay(20, Cancel);
            }

            var shown = board.Snapshot().Single();
            Assert.Equal(("", PullActivity.BackingOff), (shown.Service, shown.Activity));
            Assert.Contains("No Jaeger answers", shown.LastError, StringComparison.Ordinal);
            Assert.True(shown.Retries > 0);

            await using var second = await PullSetup.StartAsync(new FakeJaegerOptions { GrpcPort = first.GrpcAddress.Port }, traffic);
            while (board.Snapshot() is not [{ Service: "kubo", Traces: 5 }])
            {
                await Task.Delay(20, Cancel);
            }
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
    public async Task Giving_up_says_where_and_what_to_do()
    {
        await using var pulled = await PulledStore.CreateAsync();
        var worker = new PullWorker(
            new PullOptions
            {
                Source = "jaeger://127.0.0.1:1",
                Services = ["kubo"],
                GiveUpAfter = TimeSpan.FromMinutes(2),
            },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        );

        var error = await Assert.ThrowsAsync<PullException>(() => worker.RunAsync(null, Cancel));

        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
        Assert.Contains("start the pull again", error.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(true, true, true, PullTransport.Grpc)]
    [InlineData(false, true, true, PullTransport.HttpV3)]
    [InlineData(false, true, false, PullTransport.HttpV1)]
    public async Task The_best_transport_that_answers_is_chosen(bool grpc, bool v1, bool v3, PullTransport expected)
    {
        var traffic = FakeTraffic.Traces(111, 20, PullSetup.NowNano - PullSetup.Hour, PullSetup.NowNano - (PullSetup.Hour / 2), "kubo");
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions
            {
                ServeGrpc = grpc,
                ServeHttpV1 = v1,
                ServeHttpV3 = v3,
            },
            traffic
        );
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        // Both ports are free ones here, so each address names one of them.
        var source = grpc ? PullSetup.Source(fake, PullTransport.Grpc) : PullSetup.Source(fake, PullTransport.HttpV3);
        await new PullWorker(
            new PullOptions { Source = source },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        Assert.Equal(expected, board.Snapshot().Single().Transport);
        await pulled.AssertHoldsExactlyAsync(traffic);
    }
}
