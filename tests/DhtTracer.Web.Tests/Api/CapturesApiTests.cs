using System.IO.Compression;
using System.Text.Json;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

/// <summary>The figures of real captures and of the samples, held against their spans as the files have them, read without any code of the
/// product.</summary>
public sealed class CapturesApiTests
{
    [Fact]
    public async Task The_figures_of_js_captures_are_those_of_their_raw_spans()
    {
        var files = Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json").Order(StringComparer.Ordinal).ToList();
        await using var site = await Site.StartAsync();
        await LoadAsync(site, files.SelectMany(path => OtlpJson.Decode(File.ReadAllBytes(path))));
        var raw = files.SelectMany(path => RawSpan.Read(File.ReadAllBytes(path))).ToList();

        // A query is the outermost kadDHT span over a request or of a method. Where it was never exported, its children name it as their
        // parent.
        var byId = raw.DistinctBy(span => span.Key).ToDictionary(span => span.Key);
        var roots = byId.Values.Where(IsDht).Select(RootOf).Distinct().ToList();
        var rows = (await site.JsonAsync("/api/v1/queries?limit=1000&background=1")).GetProperty("queries").EnumerateArray().ToList();
        Assert.Equal(
            roots.Order(StringComparer.Ordinal),
            rows.Select(row => row.GetProperty("id").GetString()!).Order(StringComparer.Ordinal)
        );
        foreach (var row in rows)
        {
            var id = row.GetProperty("id").GetString()!;
            var requests = byId.Values.Where(span => IsRequest(span) && RootOf(span) == id).ToList();
            var root = byId.GetValueOrDefault(id);
            Assert.Equal((root?.Start ?? requests.Min(request => request.Start)).ToString(), row.GetProperty("startUnixNano").GetString());
            Assert.Equal(
                root?.End - root?.Start,
                row.GetProperty("durationNs") is { ValueKind: JsonValueKind.Number } duration ? duration.GetInt64() : null
            );
            Assert.Equal(root is null, row.GetProperty("outcome").GetString() == "incomplete");
            Assert.Equal(
                requests.Select(request => request.To).Distinct().Count(),
                row.GetProperty("counts").GetProperty("queried").GetInt32()
            );
        }

        Assert.Contains(rows, row => row.GetProperty("outcome").GetString() == "incomplete");
        var overview = (await site.JsonAsync("/api/v1/overview?background=1")).GetProperty("figures");

        // An operation is what stands above its queries: content routing asks one DHT or several.
        var operations = roots
            .Select(root =>
                byId.GetValueOrDefault(root) is { } span
                    ? Above(span).LastOrDefault(above => above.Name.StartsWith("libp2p.contentRouting.", StringComparison.Ordinal)) ?? span
                    : null
            )
            .Distinct()
            .ToList();
        var unknown = roots.Count(root => !byId.ContainsKey(root));
        Assert.Equal(operations.Count(operation => operation is not null) + unknown, overview.GetProperty("operations").GetInt32());
        OverviewTruth.CheckDistribution(
            overview.GetProperty("duration"),
            operations
                .OfType<RawSpan>()
                .Select(operation => (long?)(operation.End - operation.Start))
                .Concat(Enumerable.Repeat<long?>(null, unknown))
        );
        await CheckPathsAsync(site, rows);

        static bool IsDht(RawSpan span) => span.Name.StartsWith("libp2p.kadDHT.", StringComparison.Ordinal);

        static bool IsRequest(RawSpan span) => span.Name.Contains("kadDHT.send", StringComparison.Ordinal);

        string RootOf(RawSpan span)
        {
            var top = Above(span).Prepend(span).Last(IsDht);
            return IsRequest(top) ? $"{top.Trace}-{top.Parent}" : top.Key;
        }

        IEnumerable<RawSpan> Above(RawSpan span)
        {
            while (byId.TryGetValue($"{span.Trace}-{span.Parent}", out var parent))
            {
                yield return parent;
                span = parent;
            }
        }
    }

    [Fact]
    public async Task The_figures_of_the_samples_are_those_of_their_raw_spans()
    {
        var lines = KuboSample();
        await using var site = await Site.StartAsync();
        await LoadAsync(
            site,
            OtlpJson
                .DecodeLines(lines)
                .Concat(EventLog2019Reader.Decode(File.ReadAllBytes(TestFiles.Samples("eventlog-2019-format.from-js-capture-04.txt"))))
        );
        var raw = System
            .Text.Encoding.UTF8.GetString(lines)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(line => RawSpan.Read(System.Text.Encoding.UTF8.GetBytes(line)))
            .ToDictionary(span => span.Key);
        var rows = (await site.JsonAsync("/api/v1/queries?limit=1000&background=1")).GetProperty("queries").EnumerateArray().ToList();
        var kubo = rows.Where(row => row.GetProperty("source").GetString() == "go-libp2p-kad-dht").ToList();
        Assert.NotEmpty(kubo);
        foreach (var row in kubo.Where(row => raw.ContainsKey(row.GetProperty("id").GetString()!)))
        {
            var root = raw[row.GetProperty("id").GetString()!];
            Assert.Equal(root.Start.ToString(), row.GetProperty("startUnixNano").GetString());
            Assert.Equal(root.End - root.Start, row.GetProperty("durationNs").GetInt64());
        }

        var operations = (await site.JsonAsync("/api/v1/operations?limit=1000&background=1&skipped=0"))
            .GetProperty("operations")
            .EnumerateArray();
        var known = operations
            .Select(row => row.GetProperty("durationNs") is { ValueKind: JsonValueKind.Number } time ? time.GetInt64() : (long?)null)
            .ToList();
        OverviewTruth.CheckDistribution(
            (await site.JsonAsync("/api/v1/overview?background=1")).GetProperty("figures").GetProperty("duration"),
            known
        );
        await CheckPathsAsync(site, rows);
    }

    /// <summary>OTLP JSON, one document a line.</summary>
    internal static byte[] KuboSample()
    {
        using var inflated = new MemoryStream();
        using var gzip = new GZipStream(File.OpenRead(TestFiles.Samples("kubo-simulated.otlp.jsonl.gz")), CompressionMode.Decompress);
        gzip.CopyTo(inflated);
        return inflated.ToArray();
    }

    private static async Task CheckPathsAsync(Site site, IEnumerable<JsonElement> rows)
    {
        foreach (var row in rows.Where(row => row.GetProperty("durationNs").ValueKind == JsonValueKind.Number))
        {
            var path = (await site.JsonAsync($"/api/v1/queries/{row.GetProperty("id").GetString()}/explanation")).GetProperty("path");
            var time = 0L;
            foreach (var segment in path.GetProperty("segments").EnumerateArray())
            {
                Assert.Equal(time, segment.GetProperty("startNs").GetInt64());
                time = segment.GetProperty("endNs").GetInt64();
            }

            Assert.Equal(row.GetProperty("durationNs").GetInt64(), time);
        }
    }

    /// <summary>Stores the traces of some spans, and analyses them.</summary>
    internal static async Task LoadAsync(Site site, IEnumerable<Span> spans)
    {
        foreach (var trace in spans.GroupBy(span => span.TraceId))
        {
            await site.AddAsync([
                [.. trace],
            ]);
        }
    }

    private sealed record RawSpan(string Trace, string Id, string Parent, string Name, long Start, long End, string? To)
    {
        public string Key => $"{Trace}-{Id}";

        public static IEnumerable<RawSpan> Read(byte[] json) =>
            from resource in JsonDocument.Parse(json).RootElement.GetProperty("resourceSpans").EnumerateArray()
            from scope in resource.GetProperty("scopeSpans").EnumerateArray()
            from span in scope.GetProperty("spans").EnumerateArray()
            select new RawSpan(
                span.GetProperty("traceId").GetString()!.ToLowerInvariant(),
                span.GetProperty("spanId").GetString()!.ToLowerInvariant(),
                span.TryGetProperty("parentSpanId", out var parent) ? parent.GetString()!.ToLowerInvariant() : "",
                span.GetProperty("name").GetString()!,
                long.Parse(span.GetProperty("startTimeUnixNano").GetString()!, null),
                long.Parse(span.GetProperty("endTimeUnixNano").GetString()!, null),
                span.TryGetProperty("attributes", out var attributes)
                    ? attributes
                        .EnumerateArray()
                        .Where(attribute => attribute.GetProperty("key").GetString() == "to")
                        .Select(attribute => attribute.GetProperty("value").GetProperty("stringValue").GetString())
                        .FirstOrDefault()
                    : null
            );
    }
}
