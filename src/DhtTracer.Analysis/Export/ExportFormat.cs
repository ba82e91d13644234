using System.Collections.Immutable;
using DhtTracer.Analysis.RequestTrace;

namespace DhtTracer.Analysis.Export;

public enum ExportKind
{
    /// <summary>Jaeger's JSON v1, which the Jaeger UI opens.</summary>
    JaegerJson = 0,

    /// <summary>The JSON response of Jaeger's HTTP API v3.</summary>
    JaegerV3Json = 1,

    /// <summary>OTLP JSON, in one document.</summary>
    OtlpJson = 2,

    /// <summary>OTLP JSON, one document for each trace, one per line.</summary>
    OtlpJsonLines = 3,

    OtlpProtobuf = 4,

    /// <summary>The event log of 2019 as server-sent events.</summary>
    EventLog = 5,

    /// <summary>The <c>vis-state</c> JSON of 2019.</summary>
    VisState = 6,

    /// <summary>Queries with all their peers, in the JSON of the API.</summary>
    Json = 7,

    /// <summary>CSV with one line for each query.</summary>
    QueriesCsv = 8,

    /// <summary>A single HTML page without other files.</summary>
    Html = 9,

    /// <summary>CSV with one line for each request of a query, and one for each peer that was sent none.</summary>
    PeersCsv = 10,

    /// <summary>HTTP archive 1.2.</summary>
    Har = 11,

    /// <summary>Chrome's Trace Event Format.</summary>
    ChromeTrace = 12,

    /// <summary>A picture of the waterfall.</summary>
    Svg = 13,

    /// <summary>IPFS Request Trace, <c>docs/request-trace.md</c>.</summary>
    RequestTrace = 14,
}

/// <summary>A format for exporting queries. The site, the API and the command line all offer this list.</summary>
/// <param name="Kind">The kind of the export.</param>
/// <param name="Name">Its name in URLs of the API and on the command line.</param>
/// <param name="Extension">The file name's extension, without the first dot.</param>
/// <param name="MediaType">Media type of the HTTP response.</param>
/// <param name="Title">Its text in a menu.</param>
/// <param name="Sets">Whether one file can hold many queries.</param>
/// <param name="Single">Whether it is offered for a single query.</param>
public sealed record ExportFormat(ExportKind Kind, string Name, string Extension, string MediaType, string Title, bool Sets, bool Single)
{
    private const string Json = "application/json";
    private const string Csv = "text/csv; charset=utf-8";

    /// <summary>All formats, in menu order.</summary>
    public static ImmutableArray<ExportFormat> All { get; } =
    [
        new(ExportKind.Html, "html", "html", "text/html; charset=utf-8", "HTML page to attach to an issue", Sets: false, Single: true),
        new(ExportKind.Json, "json", "json", Json, "JSON of the API, with all peers", Sets: true, Single: true),
        new(
            ExportKind.RequestTrace,
            "request-trace",
            RequestTraceNames.Extension,
            Json,
            "IPFS Request Trace, to hand on",
            Sets: true,
            Single: true
        ),
        new(ExportKind.QueriesCsv, "csv", "csv", Csv, "CSV, a row per query", Sets: true, Single: false),
        new(ExportKind.PeersCsv, "peers-csv", "csv", Csv, "CSV, a row per peer", Sets: false, Single: true),
        new(ExportKind.Har, "har", "har", Json, "HAR for a browser's network panel", Sets: false, Single: true),
        new(ExportKind.ChromeTrace, "chrome-trace", "trace.json", Json, "Chrome trace, for Perfetto", Sets: false, Single: true),
        new(ExportKind.Svg, "svg", "svg", "image/svg+xml", "SVG of the waterfall", Sets: false, Single: true),
        new(ExportKind.JaegerJson, "jaeger", "jaeger.json", Json, "Jaeger JSON, for the Jaeger UI", Sets: true, Single: true),
        new(ExportKind.JaegerV3Json, "jaeger-v3", "jaeger-v3.json", Json, "Jaeger v3 JSON", Sets: true, Single: true),
        new(ExportKind.OtlpJson, "otlp-json", "otlp.json", Json, "OTLP JSON", Sets: true, Single: true),
        new(
            ExportKind.OtlpJsonLines,
            "otlp-json-lines",
            "otlp.jsonl",
            "application/x-ndjson",
            "OTLP JSON, a line per trace",
            Sets: true,
            Single: true
        ),
        new(ExportKind.OtlpProtobuf, "otlp", "otlp.pb", "application/x-protobuf", "OTLP protobuf", Sets: true, Single: true),
        new(ExportKind.EventLog, "eventlog", "eventlog.txt", "text/event-stream", "Event log of 2019", Sets: true, Single: true),
        new(ExportKind.VisState, "vis-state", "vis-state.json", Json, "vis-state JSON of 2019", Sets: true, Single: true),
    ];

    /// <summary>Whether it writes whole traces with every span.</summary>
    public bool IsSpans =>
        Kind
            is ExportKind.JaegerJson
                or ExportKind.JaegerV3Json
                or ExportKind.OtlpJson
                or ExportKind.OtlpJsonLines
                or ExportKind.OtlpProtobuf;

    /// <summary>The format with this name; null when there is none.</summary>
    public static ExportFormat? Find(string? name) => All.FirstOrDefault(format => format.Name == name);

    /// <summary>The format for a single query with this extension; null when there is none.</summary>
    public static ExportFormat? OfSingle(string? extension) => All.FirstOrDefault(format => format.Single && format.Extension == extension);
}
