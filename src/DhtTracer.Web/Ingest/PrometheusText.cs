using System.Globalization;
using System.Text;

namespace DhtTracer.Web.Ingest;

/// <summary>
/// The state of ingest in the text format of Prometheus 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/):
/// <c>dht_tracer_receiver_spans_total{receiver="otlp-http"} 1234</c>.
/// </summary>
internal static class PrometheusText
{
    /// <summary>The format's content type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes a report. What is unknown has no sample.</summary>
    public static string Of(IngestReport report)
    {
        var text = new StringBuilder();
        Receivers(text, report.Receivers);
        Pulls(text, report.Pulls);
        var (analysis, database) = (report.Analysis, report.Database);
        One(text, "analysis_pending_traces", "gauge", "Traces that wait for analysis or are being analysed.", analysis.PendingTraces);
        One(text, "analysis_pending_spans", "gauge", "Spans stored and not yet analysed.", analysis.PendingSpans);
        One(text, "analysis_traces_total", "counter", "Traces analysed, each time counted.", analysis.Analysed);
        One(text, "analysis_failures_total", "counter", "Analyses that failed.", analysis.Failed);
        One(
            text,
            "reanalysis_traces_done",
            "gauge",
            "Traces analysed again that an older version had analysed, of those of reanalysis_traces.",
            analysis.Reanalysis?.Done ?? 0
        );
        One(
            text,
            "reanalysis_traces",
            "gauge",
            "Traces that are analysed again because an older version had analysed them; 0 when none is left.",
            analysis.Reanalysis?.Total ?? 0
        );
        One(text, "writer_pending_bytes", "gauge", "Bytes of spans that wait for the writer of the database.", analysis.WriterBytes);
        One(text, "stored_traces", "gauge", "Traces in the database.", database.Traces);
        One(text, "stored_spans", "gauge", "Spans of analysed traces in the database.", database.Spans);
        One(text, "stored_operations", "gauge", "Operations in the database, background ones included.", database.Operations);
        One(text, "stored_queries", "gauge", "Queries in the database, background ones included.", database.Queries);
        One(text, "stored_span_bytes", "gauge", "Size of the analysed spans as OTLP protobuf.", database.RawBytes);
        One(text, "database_file_bytes", "gauge", "Size of the database and its write-ahead log.", database.FileBytes);
        return text.ToString();
    }

    private static void Receivers(StringBuilder text, IReadOnlyList<ReceiverReport> receivers)
    {
        void Each(string name, string type, string help, Func<ReceiverReport, double?> value) =>
            Family(text, "receiver_" + name, type, help, receivers.Select(item => (Labels(("receiver", item.Receiver)), value(item))));

        Each("requests_total", "counter", "Messages whose spans were committed.", item => item.Requests);
        Each("spans_total", "counter", "Spans committed.", item => item.Spans);
        Each("bytes_total", "counter", "Bytes as OTLP protobuf, inflated.", item => item.Bytes);
        Each("rejected_spans_total", "counter", "Spans rejected one by one.", item => item.Rejected);
        Each("refused_requests_total", "counter", "Messages refused whole.", item => item.Refused);
        Each("last_received_timestamp_seconds", "gauge", "When spans were last committed.", item => Seconds(item.LastReceived));
        Each("last_refused_timestamp_seconds", "gauge", "When a message was last refused.", item => Seconds(item.LastErrorTime));
    }

    private static void Pulls(StringBuilder text, IReadOnlyList<PullReport> pulls)
    {
        void Each(string name, string type, string help, Func<PullReport, double?> value) =>
            Family(
                text,
                "pull_" + name,
                type,
                help,
                pulls.Select(item => (Labels(("source", item.Source), ("service", item.Service)), value(item)))
            );

        Each("windows_total", "counter", "Windows read to their end.", item => item.Windows);
        Each("windows_bisected_total", "counter", "Windows that came back full and were cut in half.", item => item.WindowsBisected);
        Each("windows_incomplete_total", "counter", "Moments of which some traces are missing.", item => item.WindowsIncomplete);
        Each("traces_total", "counter", "Traces stored.", item => item.Traces);
        Each("spans_total", "counter", "Spans stored.", item => item.Spans);
        Each("duplicate_spans_total", "counter", "Spans that came again and were not stored again.", item => item.Duplicates);
        Each("rejected_spans_total", "counter", "Spans that came without a valid id or time.", item => item.Rejected);
        Each("retries_total", "counter", "Failures that were tried again.", item => item.Retries);
        Each("lag_seconds", "gauge", "How far reading is behind the clock.", item => item.LagSeconds);
        Each(
            "complete_until_timestamp_seconds",
            "gauge",
            "The checkpoint: everything that started before is stored and settled.",
            item => Seconds(item.CompleteUntil)
        );
        Each(
            "failing",
            "gauge",
            "1 while the last request failed and is to be tried again, or was given up.",
            item => item.Activity is "backing-off" or "failed" ? 1 : 0
        );
    }

    private static void One(StringBuilder text, string name, string type, string help, double value) =>
        Family(text, name, type, help, [("", value)]);

    private static void Family(
        StringBuilder text,
        string name,
        string type,
        string help,
        IEnumerable<(string Labels, double? Value)> samples
    )
    {
        text.Append("# HELP dht_tracer_").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE dht_tracer_").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, value) in samples)
        {
            if (value is { } known)
            {
                text.Append("dht_tracer_")
                    .Append(name)
                    .Append(labels)
                    .Append(' ')
                    .Append(known.ToString("R", CultureInfo.InvariantCulture))
                    .Append('\n');
            }
        }
    }

    private static string Labels(params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var text = new StringBuilder("{");
        foreach (var (name, value) in labels)
        {
            // A line feed in a service's name would begin a line of its own.
            var escaped = value
                .Replace("\\", @"\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 1 ? "" : ",").Append(name).Append("=\"").Append(escaped).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static double? Seconds(DateTimeOffset? time) => time is { } point ? point.ToUnixTimeMilliseconds() / 1000.0 : null;
}
