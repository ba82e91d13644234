using System.Diagnostics;
using System.Globalization;
using DhtTracer.FakeJaeger;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>A puller in a process of its own is killed, as by <c>kill -9</c>, again and again, while Jaeger fails and spans come
/// late.</summary>
public class PullCrashTests
{
    private const int Kills = 5;
    private static readonly int TraceCount = Trials.Share(5000);

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(JaegerRelease.V1_60, 1)]
    [InlineData(JaegerRelease.V2_10, 2)]
    public async Task Killed_at_random_moments_and_started_again_it_misses_nothing(JaegerRelease release, int seed)
    {
        const long Hour = 3_600_000_000_000;
        var now = JaegerTime.UnixNano(DateTimeOffset.UtcNow);
        var settled = FakeTraffic.Traces(seed, TraceCount * 9 / 10, now - (24 * Hour), now - (2 * Hour), "kubo", "js");
        var recent = FakeTraffic.Traces(seed + 1000, TraceCount / 10, now - (Hour / 2), now - (Hour / 60), "kubo", "js");
        await using var fake = await FakeJaegerServer.StartAsync(
            new FakeJaegerOptions
            {
                Release = release,
                Seed = seed,
                ErrorRate = 0.01,
                DisconnectRate = 0.01,
            }
        );
        fake.Archive.Write(settled.SelectMany(trace => trace));
        var random = new Random(seed);
        foreach (var span in recent.SelectMany(trace => trace))
        {
            fake.Archive.WriteLater(random.Next(TraceCount * 2 / 25), [span]);
        }

        await using var pulled = await PulledStore.CreateAsync();
        await pulled.Store.DisposeAsync();
        var killed = 0;
        for (var run = 0; run < 200; run++)
        {
            using var puller = Start($"jaeger://127.0.0.1:{fake.GrpcAddress.Port}", pulled.Directory);
            var exit = puller.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (killed < Kills && await Task.WhenAny(exit, Task.Delay(random.Next(200, 1500))) != exit)
            {
                puller.Kill();
                await exit;
                killed++;
                continue;
            }

            await exit;
            var errors = await puller.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.True(puller.ExitCode == 0, errors);
            if (fake.Archive.PendingArrivals == 0 && killed > 0)
            {
                break;
            }
        }

        // One undisturbed run after the last span has arrived.
        using (var last = Start($"jaeger://127.0.0.1:{fake.GrpcAddress.Port}", pulled.Directory))
        {
            await last.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, last.ExitCode);
        }

        Assert.True(killed > 0);
        Assert.Equal(0, fake.Archive.PendingArrivals);
        await pulled.ReopenAsync();
        await pulled.AssertHoldsExactlyAsync([.. settled, .. recent]);
    }

    private static Process Start(string source, string directory)
    {
        var configuration = AppContext.BaseDirectory.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal
        )
            ? "Release"
            : "Debug";
        var program = Path.Combine(
            TestFiles.Repository,
            "tests",
            "DhtTracer.PullProcess",
            "bin",
            configuration,
            "net10.0",
            "DhtTracer.PullProcess.dll"
        );
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, UseShellExecute = false };
        foreach (
            var argument in new[]
            {
                program,
                source,
                directory,
                "100",
                TimeSpan.FromHours(1).TotalSeconds.ToString(CultureInfo.InvariantCulture),
            }
        )
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
    }
}
