using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;
using Model = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>What the tests of pulling have in common.</summary>
internal static class PullSetup
{
    /// <summary>Milliseconds after which a test fails: a puller tries for ever, so without a bound a mistake would hang instead of
    /// fail.</summary>
    public const int Bound = 5 * 60_000;

    /// <summary>Nanoseconds.</summary>
    public const long Hour = 3_600_000_000_000;

    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    public static readonly long NowNano = JaegerTime.UnixNano(Now);

    /// <summary>Starts a Jaeger that holds the traffic before it answers its first caller.</summary>
    public static Task<FakeJaegerServer> StartAsync(FakeJaegerOptions options, IReadOnlyList<IReadOnlyList<Model.Span>> traffic)
    {
        var archive = new FakeArchive(options);
        archive.Write(traffic.SelectMany(trace => trace));
        return FakeJaegerServer.StartAsync(options, archive);
    }

    public static string Source(FakeJaegerServer fake, PullTransport transport) =>
        transport is PullTransport.Grpc or PullTransport.GrpcV3
            ? $"jaeger://127.0.0.1:{fake.GrpcAddress.Port}"
            : $"http://127.0.0.1:{fake.HttpAddress.Port}";

    /// <summary>Follows until the clock stands after the end.</summary>
    public static async Task FollowAsync(PullWorker worker, TimeProvider clock, DateTimeOffset end)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            worker.RunAsync(
                new Callback(_ =>
                {
                    if (clock.GetUtcNow() > end)
                        stop.Cancel();
                }),
                stop.Token
            )
        );
        Assert.False(TestContext.Current.CancellationToken.IsCancellationRequested);
    }

    public sealed class Callback(Action<PullProgress> report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => report(value);
    }
}
