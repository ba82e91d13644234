using System.Globalization;
using System.Runtime.InteropServices;
using DhtTracer.FakeJaeger;

// The imitation as a program, to try a pull by hand.
var settings = new Dictionary<string, string>(StringComparer.Ordinal)
{
    ["--release"] = nameof(JaegerRelease.V2_10),
    ["--traces"] = "10000",
    ["--hours"] = "24",
    ["--per-second"] = "0",
    ["--error-rate"] = "0",
    ["--disconnect-rate"] = "0",
    ["--ring"] = "50000",
    ["--seed"] = "1",
    ["--grpc-port"] = "16685",
    ["--http-port"] = "16686",
};
for (var i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length || !settings.ContainsKey(args[i]))
    {
        await Console.Error.WriteLineAsync("An imitation of Jaeger on loopback. Options, each followed by its value, with the defaults:");
        foreach (var (name, value) in settings)
        {
            await Console.Error.WriteLineAsync($"  {name} {value}");
        }

        await Console.Error.WriteLineAsync(
            $"  releases: {string.Join(", ", Enum.GetNames<JaegerRelease>())}; --per-second adds traces while it runs."
        );
        return 2;
    }

    settings[args[i]] = args[i + 1];
}

int Whole(string name) => int.Parse(settings[name], CultureInfo.InvariantCulture);
double Share(string name) => double.Parse(settings[name], CultureInfo.InvariantCulture);

var options = new FakeJaegerOptions
{
    Release = Enum.Parse<JaegerRelease>(settings["--release"]),
    Seed = Whole("--seed"),
    RingSize = Whole("--ring"),
    ErrorRate = Share("--error-rate"),
    DisconnectRate = Share("--disconnect-rate"),
    GrpcPort = Whole("--grpc-port"),
    HttpPort = Whole("--http-port"),
};
var archive = new FakeArchive(options);
var now = JaegerTime.UnixNano(DateTimeOffset.UtcNow);
var traffic = FakeTraffic.Traces(options.Seed, Whole("--traces"), now - (long)(Share("--hours") * 3.6e12), now, "kubo", "js", "rainbow");
archive.Write(traffic.SelectMany(trace => trace));
await using var server = await FakeJaegerServer.StartAsync(options, archive);
Console.WriteLine(
    $"{options.Release} with {traffic.Count} traces of {traffic.Sum(trace => trace.Count)} spans: {server.GrpcAddress} (gRPC), "
        + $"{server.HttpAddress}. Ctrl-C stops."
);

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var rate = Whole("--per-second");
    for (var second = 1; ; second++)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), stop.Token);
        now = JaegerTime.UnixNano(DateTimeOffset.UtcNow);
        archive.Write(
            FakeTraffic.Traces(options.Seed + second, rate, now - 1_000_000_000, now, "kubo", "js", "rainbow").SelectMany(trace => trace)
        );
    }
}
catch (OperationCanceledException)
{
    return 0;
}
