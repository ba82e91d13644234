using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using DhtTracer.Multiformats;

namespace DhtTracer.Bench.Multiformats;

/// <summary>
/// Base58 and base36 of our own against SimpleBase's, for the three lengths that matter: a hash, the peer id of an Ed25519 key, and
/// a text at the limit of what is read. Backs docs/adr/0047.
/// </summary>
[MemoryDiagnoser]
public class Base58Bench
{
    private byte[] _bytes = [];
    private string _base58 = "";
    private string _base36 = "";

    /// <summary>Number of bytes.</summary>
    [Params(34, 38, 2048)]
    public int Length { get; set; }

    /// <summary>Runs in this process; prints BenchmarkDotNet's table.</summary>
    public static int Run()
    {
        var config = ManualConfig
            .CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultConfig.Instance.GetColumnProviders().ToArray());
        _ = BenchmarkRunner.Run<Base58Bench>(config);
        return 0;
    }

    [GlobalSetup]
    public void Setup()
    {
        _bytes = new byte[Length];
        new Random(58).NextBytes(_bytes);
        (_bytes[0], _bytes[1]) = (0x12, 0x20);
        _base58 = Base58.Encode(_bytes);
        _base36 = Base36.Encode(_bytes);
    }

    [Benchmark]
    public string Encode58() => Base58.Encode(_bytes);

    [Benchmark]
    public string Encode58SimpleBase() => SimpleBase.Base58.Bitcoin.Encode(_bytes);

    [Benchmark]
    public byte[] Decode58() => Base58.Decode(_base58, out var bytes) == MultiformatError.None ? bytes : [];

    [Benchmark]
    public byte[] Decode58SimpleBase() => SimpleBase.Base58.Bitcoin.Decode(_base58);

    [Benchmark]
    public string Encode36() => Base36.Encode(_bytes);

    [Benchmark]
    public string Encode36SimpleBase() => SimpleBase.Base36.LowerCase.Encode(_bytes);

    [Benchmark]
    public byte[] Decode36() => Base36.Decode(_base36, out var bytes) == MultiformatError.None ? bytes : [];

    [Benchmark]
    public byte[] Decode36SimpleBase() => SimpleBase.Base36.LowerCase.Decode(_base36);
}
