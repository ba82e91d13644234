using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Analysis.Tests;

/// <summary>The captures of a real js-libp2p network, and the ground truth that was written down beside them.</summary>
internal static class Captures
{
    public static IReadOnlyList<string> Labels { get; } =
    [
        .. Directory
            .GetFiles(TestFiles.Data("js-libp2p"), "*.json")
            .Select(path => Path.GetFileName(path).Split('.')[0])
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string> All => [.. Labels];

    /// <summary>The spans of a capture, of all its files.</summary>
    public static IReadOnlyList<Span> Spans(string label) =>
        [
            .. Directory
                .GetFiles(TestFiles.Data("js-libp2p"), label + ".*.json")
                .Order(StringComparer.Ordinal)
                .SelectMany(path => OtlpJson.Decode(File.ReadAllBytes(path))),
        ];

    public static Query OnlyQuery(string label) => Assert.Single(TraceReconstruction.Reconstruct(Spans(label)).Queries);

    public static JsonElement Meta(string label) =>
        JsonDocument.Parse(File.ReadAllBytes(TestFiles.Data("js-libp2p", "meta", label + ".meta.json"))).RootElement;

    /// <summary>The spans as the JSON of the capture has them, read without any of our code.</summary>
    public static IReadOnlyList<RawSpan> Raw(string label) =>
        [
            .. from path in Directory.GetFiles(TestFiles.Data("js-libp2p"), label + ".*.json")
            from resource in JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("resourceSpans").EnumerateArray()
            from scope in resource.GetProperty("scopeSpans").EnumerateArray()
            from span in scope.GetProperty("spans").EnumerateArray()
            select new RawSpan(
                span.GetProperty("name").GetString()!,
                span.GetProperty("spanId").GetString()!,
                long.Parse(span.GetProperty("startTimeUnixNano").GetString()!),
                long.Parse(span.GetProperty("endTimeUnixNano").GetString()!),
                span.GetProperty("attributes")
                    .EnumerateArray()
                    .Where(attribute => attribute.GetProperty("value").TryGetProperty("stringValue", out _))
                    .ToDictionary(
                        attribute => attribute.GetProperty("key").GetString()!,
                        attribute => attribute.GetProperty("value").GetProperty("stringValue").GetString()!
                    )
            ),
        ];

    public static string Json(IEnumerable<Query> queries) =>
        string.Join('\n', queries.Select(query => System.Text.Encoding.UTF8.GetString(QueryJson.ToUtf8(query))));

    internal sealed record RawSpan(string Name, string SpanId, long Start, long End, Dictionary<string, string> Texts)
    {
        public bool IsRequest => Name.Contains("kadDHT.send", StringComparison.Ordinal);

        public string To => Texts["to"];

        public string Message => Texts["message type"];

        public List<string> Closer =>
            [
                .. Texts
                    .Where(item => item.Key.StartsWith("closer-", StringComparison.Ordinal))
                    .OrderBy(item => int.Parse(item.Key[7..]))
                    .Select(item => item.Value),
            ];

        public List<string> Providers =>
            [.. Texts.Where(item => item.Key.StartsWith("providers-", StringComparison.Ordinal)).Select(item => item.Value)];

        public bool Answered => Closer.Count + Providers.Count > 0;
    }
}
