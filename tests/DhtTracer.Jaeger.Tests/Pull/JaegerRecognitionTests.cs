using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>Which Jaeger answers is told from its page, and where that names none, from what it does.</summary>
public class JaegerRecognitionTests
{
    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60, "v1.60.0", PullTransport.HttpV3, "Jaeger v1.60.0")]
    [InlineData(JaegerRelease.V1_60, "", PullTransport.Grpc, "Jaeger v1, or v2 before v2.19 without memory storage")]
    [InlineData(JaegerRelease.V1_60, "", PullTransport.HttpV1, "Jaeger v1, or v2 before v2.19 without memory storage")]
    [InlineData(JaegerRelease.V2_10, "", PullTransport.Grpc, "Jaeger v2 before v2.19")]
    [InlineData(JaegerRelease.V2_10, "", PullTransport.HttpV3, "Jaeger v2 before v2.19")]
    [InlineData(JaegerRelease.Later, "", PullTransport.Grpc, "Jaeger v2.19 or later")]
    [InlineData(JaegerRelease.Later, "", PullTransport.HttpV3, "Jaeger after v2.20")]
    [InlineData(JaegerRelease.V2_10, "<b>v9</b>", PullTransport.HttpV3, "Jaeger v2 before v2.19")]
    public async Task A_jaeger_is_named(JaegerRelease release, string version, PullTransport transport, string expected)
    {
        await using var fake = await PullSetup.StartAsync(new FakeJaegerOptions { Release = release, Version = version }, []);
        await using var pulled = await PulledStore.CreateAsync();
        var board = new PullStatusBoard();

        await new PullWorker(
            new PullOptions
            {
                Source = PullSetup.Source(fake, transport),
                Services = ["kubo"],
                Transport = transport,
            },
            pulled.Store,
            pulled.Sink,
            board,
            new SkippingClock(PullSetup.Now)
        ).RunAsync(null, TestContext.Current.CancellationToken);

        Assert.Equal(expected, board.Snapshot().Single().Server);
    }
}
