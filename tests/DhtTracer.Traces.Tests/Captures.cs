using DhtTracer.TestSupport;

namespace DhtTracer.Traces.Tests;

/// <summary>The captured files that the tests of this project read.</summary>
internal static class Captures
{
    public static TheoryData<string> OtlpJson => [.. Names("js-libp2p", "*.otlp-http-json.*.json")];

    public static TheoryData<string> OtlpProtobuf => [.. Names(Path.Combine("js-libp2p", "other"), "*.pb")];

    public static TheoryData<string> JaegerJson =>
        new(Path.Combine("jaeger", "v1.60", "http-v1-traces.200.json"), Path.Combine("jaeger", "v2.10", "http-v1-traces.200.json"));

    public static TheoryData<string> JaegerV3Json =>
        new(
            Path.Combine("jaeger", "v1.60", "http-v3-traces-snake.200.json"),
            Path.Combine("jaeger", "v2.10", "http-v3-traces-snake.200.json")
        );

    public static byte[] Read(string name) => File.ReadAllBytes(TestFiles.Data(name));

    public static string[] Names(string folder, string pattern)
    {
        var names = Directory
            .GetFiles(TestFiles.Data(folder), pattern)
            .Select(path => Path.Combine(folder, Path.GetFileName(path)))
            .Order(StringComparer.Ordinal)
            .ToArray();
        Assert.NotEmpty(names);
        return names;
    }
}
