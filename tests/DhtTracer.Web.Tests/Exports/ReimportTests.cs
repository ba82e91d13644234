using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Exports;

/// <summary>What leaves by the API comes back through the importer as the same queries, to the last byte of their JSON.</summary>
public sealed class ReimportTests(ReimportTests.Sources sources) : IClassFixture<ReimportTests.Sources>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dht-tracer-reimport-");

    public static TheoryData<string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string>();
            foreach (var format in ExportFormat.All.Where(format => format.IsSpans))
            {
                foreach (var source in (string[])["js-libp2p captures", "samples", "native", "simulated kubo", "event log of 2019"])
                {
                    ways.Add(source, format.Name);
                }
            }

            ways.Add("event log of 2019", "eventlog");
            ways.Add("js-libp2p captures", "request-trace");
            ways.Add("native", "request-trace");
            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_export_that_is_imported_elsewhere_gives_identical_queries(string source, string format)
    {
        var (site, expected) = await sources.OfAsync(source);
        Assert.NotEmpty(expected);

        var file = Path.Combine(_folder.FullName, "export." + ExportFormat.Find(format)!.Extension);
        await using (
            var answer = await site.Client.GetStreamAsync(new Uri($"/api/v1/export?format={format}&background=1", UriKind.Relative))
        )
        await using (var saved = File.Create(file))
        {
            await answer.CopyToAsync(saved);
        }

        await using var elsewhere = await Site.StartAsync();
        var summary = await elsewhere.ImportAsync(file);

        Assert.Empty(summary.Skipped);
        Assert.Equal(expected, await QueriesAsync(elsewhere.Store));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task FillAsync(Site site, string source)
    {
        switch (source)
        {
            case "js-libp2p captures":
                await site.ImportAsync(Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json"));
                break;
            case "samples":
                await site.ImportAsync([
                    TestFiles.Samples("js-libp2p"),
                    .. Directory.GetFiles(TestFiles.Samples(), "*.gz"),
                    .. Directory.GetFiles(TestFiles.Samples(), "*.txt"),
                ]);
                break;
            case "native":
                await site.AddAsync([
                    .. Enumerable.Range(1, 12).Select(seed => NativeTrace.Of(SimulatedQueries.Make(seed, 30))),
                    NativeTrace.Of(SimulatedQueries.Make(13, 30, query => query with { Outcome = QueryOutcome.Incomplete })),
                ]);
                break;
            case "simulated kubo":
                var simulator = new KuboTraceSimulator(77);
                await site.AddAsync([
                    .. from operation in Enum.GetValues<KuboOperation>()
                    from dual in (bool[])[false, true]
                    select simulator
                        .Simulate(
                            new KuboScenario
                            {
                                Operation = operation,
                                Dual = dual,
                                MuteShare = 0.1,
                            }
                        )
                        .Spans,
                ]);
                break;
            default:
                await site.ImportAsync([
                    TestFiles.Shared("eventlog", "eventlog_sample1.txt") ?? Directory.GetFiles(TestFiles.Samples(), "*.txt").Single(),
                ]);
                break;
        }
    }

    /// <summary>Every query of an archive as the JSON of the API, from the spans that are stored.</summary>
    private static async Task<IReadOnlyList<string>> QueriesAsync(TraceStore store)
    {
        var queries = new List<Query>();
        foreach (var trace in await store.ListTracesAsync(new QueryFilter { Background = null }, 0, 10_000))
        {
            queries.AddRange(TraceReconstruction.Reconstruct(await store.GetTraceAsync(trace.Id)).Queries);
        }

        return [.. queries.Select(query => Encoding.UTF8.GetString(QueryJson.ToUtf8(query))).Order(StringComparer.Ordinal)];
    }

    /// <summary>An archive of each source, filled by the first test that asks for it.</summary>
    public sealed class Sources : IAsyncDisposable
    {
        private readonly Dictionary<string, (Site Site, IReadOnlyList<string> Queries)> _sources = new(StringComparer.Ordinal);

        internal async Task<(Site Site, IReadOnlyList<string> Queries)> OfAsync(string source)
        {
            if (!_sources.TryGetValue(source, out var filled))
            {
                var site = await Site.StartAsync();
                await FillAsync(site, source);
                filled = (site, await QueriesAsync(site.Store));
                _sources.Add(source, filled);
            }

            return filled;
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            foreach (var (site, _) in _sources.Values)
            {
                await site.DisposeAsync();
            }
        }
    }
}
