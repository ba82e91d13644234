using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>What a Jaeger cannot read is a gap that is seen and tried again, never the end of a pull.</summary>
public class PullGapTests
{
    private const string TooLarge =
        "stream error: rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5000000 vs. 4194304)";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(TooLarge)]
    [InlineData("cannot read a span")]
    public async Task Neighbouring_traces_that_cannot_be_read_are_gaps_and_come_when_they_can_be(string words)
    {
        var from = PullSetup.NowNano - (5 * PullSetup.Hour);
        var traffic = FakeTraffic.Traces(221, 200, from, PullSetup.NowNano - PullSetup.Hour, "kubo");
        var bad = Enumerable
            .Range(0, 4)
            .Select(i => FakeTraffic.Traces(230 + i, 1, from + (i * 10_000), from + (i * 10_000) + 1, "kubo")[0].Take(1).ToList())
            .ToList();
        foreach (var span in bad.SelectMany(trace => trace))
        {
            span.OperationName = "unreadable";
        }

        var readable = false;
        await using var fake = await PullSetup.StartAsync(
            new FakeJaegerOptions
            {
                FailsOn = span => !Volatile.Read(ref readable) && span.OperationName == "unreadable",
                FailsWith = words,
            },
            [.. traffic, .. bad]
        );
        await using var pulled = await PulledStore.CreateAsync();
        var options = new PullOptions
        {
            Source = PullSetup.Source(fake, PullTransport.Grpc),
            Services = ["kubo"],
            GiveUpAfter = TimeSpan.FromMinutes(2),
        };
        var board = new PullStatusBoard();

        await new PullWorker(options, pulled.Store, pulled.Sink, board, new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync(traffic);
        var status = board.Snapshot().Single();
        Assert.Equal(4, status.Gaps);
        Assert.Contains(words, status.LastError, StringComparison.Ordinal);

        Volatile.Write(ref readable, true);
        await new PullWorker(options, pulled.Store, pulled.Sink, board, new SkippingClock(PullSetup.Now)).RunAsync(null, Cancel);

        await pulled.AssertHoldsExactlyAsync([.. traffic, .. bad]);
        Assert.Equal(0, board.Snapshot().Single().Gaps);
    }
}
