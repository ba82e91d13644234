using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Tests.Fixture;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Web.Tests.Pages.Ingest;

/// <summary>Known requests are sent, and every number is read from the page, from the API and from the metrics.</summary>
public sealed class IngestPageTests
{
    private const string Hostile = "<script>alert(1)</script>";

    private static readonly PullServiceStatus Pull = new()
    {
        Source = "jaeger://one:16685",
        Service = "kubo \"main\"\n" + Hostile,
        Transport = PullTransport.HttpV3,
        Server = "Jaeger v1.60.0 " + Hostile,
        Activity = PullActivity.BackingOff,
        CompleteUntil = new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero),
        ReadUntil = new DateTimeOffset(2026, 11, 22, 8, 10, 0, TimeSpan.Zero),
        Lag = TimeSpan.FromSeconds(7.5),
        LastError = "unavailable " + Hostile,
        LastErrorTime = new DateTimeOffset(2026, 11, 22, 8, 11, 12, TimeSpan.Zero),
        Retries = 11,
        Windows = 12,
        WindowsBisected = 13,
        WindowsIncomplete = 14,
        Traces = 1015,
        Spans = 2016,
        Duplicates = 3017,
        Rejected = 18,
        Gaps = 19,
        Moved = 4020,
        Reread = 21,
    };

    private static readonly IReadOnlyList<ListenerState> Listeners =
    [
        new("site", null, "--site-port", "http://127.0.0.1:5080"),
        new("OTLP over HTTP", "otlp-http", "--otlp-http-port", "http://127.0.0.1:4318/v1/traces"),
        new("Zipkin", "zipkin", "--zipkin-port", null),
        new("health", null, "--health-port", null),
    ];

    [Fact]
    public async Task Shows_what_each_receiver_took_rejected_and_refused()
    {
        var statistics = new IngestStatistics(TimeProvider.System);
        await using var site = await StartAsync(statistics, new PullStatusBoard());
        var sent = await SendAsync(site.Store, statistics);

        var page = await site.PageAsync("/ingest");
        Assert.Equal(
            ["OTLP over HTTP", "http://127.0.0.1:4318/v1/traces", "2", "3", $"{sent.Bytes / 1024.0:0.0} KiB", "1", "1"],
            Cells(page, "receiver-otlp-http").Take(7)
        );
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3}$", Cells(page, "receiver-otlp-http")[7]);
        Assert.EndsWith(sent.Error, Cells(page, "receiver-otlp-http")[8], StringComparison.Ordinal);
        Assert.Equal(["Zipkin", "off (--zipkin-port)", "0", "0", "0 B", "0", "0", "never", ""], Cells(page, "receiver-zipkin"));
        Assert.Equal(["site http://127.0.0.1:5080", "health off (--health-port)"], page.Texts(".listeners li"));
        Assert.Equal("tick", page.QuerySelector("main")!.GetAttribute("data-live"));

        var receivers = (await JsonAsync(site))["receivers"]!.AsArray().ToDictionary(item => (string)item!["receiver"]!);
        var otlp = receivers["otlp-http"]!;
        Assert.Equal(
            (2, 3, sent.Bytes, 1, 1),
            ((long)otlp["requests"]!, (long)otlp["spans"]!, (long)otlp["bytes"]!, (long)otlp["rejected"]!, (long)otlp["refused"]!)
        );
        Assert.Equal(sent.Error, (string)otlp["lastError"]!);
        Assert.Null(receivers["zipkin"]!["lastReceived"]);

        var metrics = await MetricsAsync(site);
        string[] names = ["requests_total", "spans_total", "size_bytes_total", "rejected_spans_total", "refused_requests_total"];
        Assert.Equal(
            ["2", "3", sent.Bytes.ToString(CultureInfo.InvariantCulture), "1", "1"],
            names.Select(name => metrics[$"dht_tracer_ingest_{name}{{receiver=\"otlp-http\"}}"])
        );
        Assert.Equal("0", metrics["dht_tracer_ingest_spans_total{receiver=\"zipkin\"}"]);
        Assert.DoesNotContain("dht_tracer_ingest_last_received_time_seconds{receiver=\"zipkin\"}", metrics.Keys);
    }

    [Fact]
    public async Task Shows_how_far_each_pull_is()
    {
        var board = new PullStatusBoard();
        board.Add(Pull.Source, Pull.Service, static () => Pull);
        await using var site = await StartAsync(new IngestStatistics(TimeProvider.System), board);

        var page = await site.PageAsync("/ingest");
        var row = page.QuerySelector("table[aria-label=Pulls] tbody tr")!;
        Assert.Equal(
            [
                "kubo \"main\" " + Hostile,
                "jaeger://one:16685Jaeger v1.60.0 " + Hostile,
                "http-v3",
                "backing off",
                "22 Nov 2026 08:10:00.000 UTC",
                "22 Nov 2026 08:00:00.000 UTC",
                "7.5s",
                "1,015",
                "2,016",
                "4,020",
                "21",
                "3,017",
                "18",
                "12",
                "13",
                "14",
                "19",
                "11",
                "22 Nov 2026 08:11:12.000 UTC unavailable " + Hostile,
            ],
            row.Children.Select(cell => cell.Text())
        );
        Assert.Empty(page.QuerySelectorAll("main script"));

        var json = (await JsonAsync(site))["pulls"]!.AsArray().Single()!;
        string[] counts = ["retries", "windows", "windowsBisected", "windowsIncomplete", "traces", "spans", "duplicates", "rejected"];
        counts = [.. counts, "gaps", "moved", "reread"];
        Assert.Equal([11, 12, 13, 14, 1015, 2016, 3017, 18, 19, 4020, 21], counts.Select(name => (long)json[name]!));
        Assert.Equal(("backing-off", "http-v3", 7.5), ((string)json["activity"]!, (string)json["transport"]!, (double)json["lagSeconds"]!));
        Assert.Equal(Pull.CompleteUntil, (DateTimeOffset)json["completeUntil"]!);

        var metrics = await MetricsAsync(site);
        var labels = "{service=\"kubo \\\"main\\\"\\n" + Hostile + "\",source=\"jaeger://one:16685\"}";
        string[] names =
        [
            "retries_total",
            "windows_total",
            "windows_bisected_total",
            "windows_incomplete_total",
            "traces_total",
            "spans_total",
            "duplicate_spans_total",
            "rejected_spans_total",
            "moved_spans_total",
            "reread_spans_total",
            "gaps",
            "read_until_time_seconds",
            "current_lag_seconds",
            "failing",
        ];
        Assert.Equal(
            ["11", "12", "13", "14", "1015", "2016", "3017", "18", "4020", "21", "19", "1795335000", "7.5", "1"],
            names.Select(name => metrics[$"dht_tracer_pull_{name}{labels}"])
        );
    }

    [Fact]
    public async Task Shows_what_is_stored_and_what_waits_for_analysis()
    {
        var queries = Enumerable.Range(1, 5).Select(seed => SimulatedQueries.Make(seed, 4)).ToList();
        await using var site = await StartAsync(new IngestStatistics(TimeProvider.System), new PullStatusBoard(), queries);
        var stored = queries.Sum(query => NativeTrace.Of(query).Count);
        await site.Store.AppendAsync([new TraceChunk(Waiting[0].TraceId, OtlpProtobuf.Encode(Waiting), Waiting.Count)]);

        var page = await site.PageAsync("/ingest");
        string Tile(string id) => page.GetElementById(id)!.Text();
        Assert.Equal(("5", "6", $"{stored}", $"{Waiting.Count}"), (Tile("queries"), Tile("traces"), Tile("spans"), Tile("pending-spans")));
        Assert.Equal(("0", "0", "30 days", "0 B"), (Tile("pending-traces"), Tile("analysed"), Tile("keep"), Tile("writer-bytes")));
        var counts = await site.Store.CountsAsync();
        Assert.Equal(new FileInfo(site.Store.Location).Length + Log(site.Store), counts.FileBytes);

        var metrics = await MetricsAsync(site);
        string[] names =
        [
            "archive_queries",
            "archive_traces",
            "archive_spans",
            "analysis_pending_spans",
            "archive_file_size_bytes",
            "archive_span_size_bytes",
        ];
        Assert.Equal(
            [5, 6, stored, Waiting.Count, counts.FileBytes, counts.RawBytes],
            names.Select(name => long.Parse(metrics["dht_tracer_" + name], CultureInfo.InvariantCulture))
        );
    }

    private static IReadOnlyList<Span> Waiting { get; } = NativeTrace.Of(SimulatedQueries.Make(77, 6));

    private static long Log(TraceStore store) => new FileInfo(store.Location + "-wal") is { Exists: true } log ? log.Length : 0;

    private static Task<Site> StartAsync(
        IngestStatistics statistics,
        PullStatusBoard board,
        params IEnumerable<DhtTracer.Analysis.Model.Query> queries
    ) =>
        Site.StartAsync(
            services =>
                services
                    .AddSingleton(statistics)
                    .AddSingleton(board)
                    .AddSingleton(new IngestSetup(static () => Listeners, TimeSpan.FromDays(30))),
            queries
        );

    /// <summary>Two messages with three spans that can be kept and one that cannot, and one message that is nothing.</summary>
    private static async Task<(long Bytes, string Error)> SendAsync(TraceStore store, IngestStatistics statistics)
    {
        var sink = new SpanSink(store, statistics);
        var span = NativeTrace.Of(SimulatedQueries.Make(1, 1))[0];
        var first = OtlpProtobuf.Encode([span, span with { SpanId = new SpanId(7) }]);
        var second = OtlpProtobuf.Encode([span with { SpanId = new SpanId(8) }, span with { SpanId = default }]);
        await sink.AcceptOtlpAsync(first, "otlp-http");
        await sink.AcceptOtlpAsync(second, "otlp-http");
        var error = await Assert.ThrowsAnyAsync<TraceFormatException>(() =>
            sink.AcceptOtlpAsync(new byte[] { 0x0A, 0xFF, 0x01, 0x02 }, "otlp-http")
        );
        return (first.Length + second.Length, error.Message);
    }

    private static List<string> Cells(AngleSharp.Html.Dom.IHtmlDocument page, string id) =>
        [.. page.GetElementById(id)!.Children.Select(cell => cell.Text())];

    private static async Task<JsonNode> JsonAsync(Site site) =>
        await site.Client.GetFromJsonAsync<JsonNode>(new Uri("/api/v1/ingest", UriKind.Relative))
        ?? throw new InvalidOperationException("an empty answer");

    /// <summary>The samples by name and labels, read by their grammar and not by ours.</summary>
    /// <summary>Each sample by name and labels: in order, and without the one that names the meter.</summary>
    private static async Task<Dictionary<string, string>> MetricsAsync(Site site) =>
        (await site.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative)))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => line.StartsWith("dht_tracer_", StringComparison.Ordinal))
            .ToDictionary(
                static line => Key(line[..line.LastIndexOf(' ')]),
                static line => line[(line.LastIndexOf(' ') + 1)..],
                StringComparer.Ordinal
            );

    private static string Key(string sample)
    {
        var labels = Regex
            .Matches(sample, """(\w+)="(?:[^"\\]|\\.)*"[,}]""")
            .Select(static match => match.Value[..^1])
            .Where(static label => !label.StartsWith("otel_scope_name", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        return sample.Split('{')[0] + (labels.Count == 0 ? "" : $"{{{string.Join(',', labels)}}}");
    }
}
