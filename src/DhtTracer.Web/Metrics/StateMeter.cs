using System.Diagnostics.Metrics;
using DhtTracer.Web.Ingest;

namespace DhtTracer.Web.Metrics;

/// <summary>
/// The state of ingest, pulls, analysis and archive as instruments of the meter <c>DhtTracer</c>. They have the values of the page Ingest
/// as of the last <see cref="RefreshAsync"/>. An unknown value has no measurement.
/// </summary>
internal sealed class StateMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "DhtTracer";

    private const string Span = "{span}";
    private const string Trace = "{trace}";
    private const string Byte = "By";

    private readonly IngestReader _reader;
    private readonly Meter _meter;
    private volatile IngestReport? _report;

    /// <summary>Makes the instruments.</summary>
    public StateMeter(IngestReader reader, IMeterFactory meters)
    {
        _reader = reader;
        _meter = meters.Create(Name);
        AddReceivers();
        AddPulls();
        AddAnalysis();
        AddArchive();
    }

    /// <summary>Reads the state.</summary>
    /// <exception cref="Storage.DatabaseException">The archive does not answer.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken) => _report = await _reader.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void AddReceivers()
    {
        void Count(string name, string unit, string what, Func<ReceiverReport, double?> value) =>
            _meter.CreateObservableCounter("dht_tracer.ingest." + name, () => Receivers(value), unit, what);
        void Gauge(string name, string unit, string what, Func<ReceiverReport, double?> value) =>
            _meter.CreateObservableGauge("dht_tracer.ingest." + name, () => Receivers(value), unit, what);

        Count("requests", "{request}", "Messages whose spans were committed.", static item => item.Requests);
        Count("spans", Span, "Spans committed.", static item => item.Spans);
        Count("size", Byte, "Size of what was committed, as OTLP protobuf, inflated.", static item => item.Bytes);
        Count("rejected_spans", Span, "Spans rejected one by one.", static item => item.Rejected);
        Count("refused_requests", "{request}", "Messages refused whole.", static item => item.Refused);
        Gauge("last_received_time", "s", "When spans were last committed, in Unix time.", static item => Seconds(item.LastReceived));
        Gauge("last_refused_time", "s", "When a message was last refused, in Unix time.", static item => Seconds(item.LastErrorTime));
    }

    private void AddPulls()
    {
        void Count(string name, string unit, string what, Func<PullReport, double?> value) =>
            _meter.CreateObservableCounter("dht_tracer.pull." + name, () => Pulls(value), unit, what);
        void Gauge(string name, string unit, string what, Func<PullReport, double?> value) =>
            _meter.CreateObservableGauge("dht_tracer.pull." + name, () => Pulls(value), unit, what);

        Count("windows", "{window}", "Windows read to their end.", static item => item.Windows);
        Count("windows_bisected", "{window}", "Windows that came back full and were cut in half.", static item => item.WindowsBisected);
        Count("windows_incomplete", "{window}", "Moments of which some traces are missing.", static item => item.WindowsIncomplete);
        Count("traces", Trace, "Traces stored.", static item => item.Traces);
        Count("spans", Span, "Spans stored.", static item => item.Spans);
        Count("duplicate_spans", Span, "Spans that came again and were not stored again.", static item => item.Duplicates);
        Count("rejected_spans", Span, "Spans that came without a valid id or time.", static item => item.Rejected);
        Count("moved_spans", Span, "Spans that came over the wire, those thrown away included.", static item => item.Moved);
        Count("reread_spans", Span, "Of these, spans of time that was read before, to find what came late.", static item => item.Reread);
        Count("retries", "{request}", "Failures that were tried again.", static item => item.Retries);
        Gauge("gaps", "{gap}", "Stretches of time that the Jaeger cannot read now; they are tried again.", static item => item.Gaps);
        Gauge("current_lag", "s", "How far reading is behind the clock.", static item => item.LagSeconds);
        Gauge(
            "read_until_time",
            "s",
            "The first checkpoint, in Unix time: everything that started before was read once.",
            static item => Seconds(item.ReadUntil)
        );
        Gauge(
            "complete_until_time",
            "s",
            "The second checkpoint, in Unix time: everything that started before is stored and settled.",
            static item => Seconds(item.CompleteUntil)
        );
        Gauge(
            "failing",
            "1",
            "1 while the last request failed and is to be tried again, or was given up; else 0.",
            static item => item.Activity is "backing-off" or "failed" ? 1 : 0
        );
    }

    private void AddAnalysis()
    {
        _meter.CreateObservableCounter(
            "dht_tracer.analysis.traces",
            () =>
                _report?.Analysis is { } analysis
                    ?
                    [
                        new Measurement<long>(analysis.Analysed - analysis.Failed, KeyValuePair.Create("outcome", (object?)"done")),
                        new Measurement<long>(analysis.Failed, KeyValuePair.Create("outcome", (object?)"failed")),
                    ]
                    : Array.Empty<Measurement<long>>(),
            Trace,
            "Traces analysed, each time counted."
        );
        _meter.CreateObservableCounter(
            "dht_tracer.analysis.database_failures",
            () => _report is { } report ? [new Measurement<long>(report.Analysis.DatabaseFailures)] : Array.Empty<Measurement<long>>(),
            "{failure}",
            "Times that an analysis could not be read from or saved in the database."
        );
        Gauge(
            "analysis.failing",
            "1",
            "1 while traces wait because the database does not take their analysis; else 0.",
            static all => all.Analysis.Problem is null ? 0 : 1
        );
        Gauge(
            "analysis.pending_traces",
            Trace,
            "Traces that wait for analysis or are being analysed.",
            static all => all.Analysis.PendingTraces
        );
        Gauge("analysis.pending_spans", Span, "Spans stored and not yet analysed.", static all => all.Analysis.PendingSpans);
        Gauge(
            "reanalysis.traces",
            Trace,
            "Traces that are analysed again because an older version had analysed them; 0 when none is left.",
            static all => all.Analysis.Reanalysis?.Total ?? 0
        );
        Gauge("reanalysis.done", Trace, "Those of them that are done.", static all => all.Analysis.Reanalysis?.Done ?? 0);
    }

    private void AddArchive()
    {
        Gauge("archive.pending_size", Byte, "Spans that wait for the writer of the database.", static all => all.Analysis.WriterBytes);
        Gauge("archive.traces", Trace, "Traces in the archive.", static all => all.Database.Traces);
        Gauge("archive.spans", Span, "Spans of analysed traces in the archive.", static all => all.Database.Spans);
        Gauge("archive.operations", "{operation}", "Operations, background ones included.", static all => all.Database.Operations);
        Gauge("archive.queries", "{query}", "Queries, background ones included.", static all => all.Database.Queries);
        Gauge("archive.span_size", Byte, "Size of the analysed spans as OTLP protobuf.", static all => all.Database.RawBytes);
        Gauge("archive.file_size", Byte, "Size of the database and its write-ahead log.", static all => all.Database.FileBytes);
    }

    private void Gauge(string name, string unit, string what, Func<IngestReport, long> value) =>
        _meter.CreateObservableGauge(
            "dht_tracer." + name,
            () => _report is { } report ? [new Measurement<long>(value(report))] : Array.Empty<Measurement<long>>(),
            unit,
            what
        );

    private IEnumerable<Measurement<double>> Receivers(Func<ReceiverReport, double?> value) =>
        from item in _report?.Receivers ?? []
        let known = value(item)
        where known is not null
        select new Measurement<double>(known.Value, KeyValuePair.Create("receiver", (object?)item.Receiver));

    private IEnumerable<Measurement<double>> Pulls(Func<PullReport, double?> value) =>
        from item in _report?.Pulls ?? []
        let known = value(item)
        where known is not null
        select new Measurement<double>(
            known.Value,
            KeyValuePair.Create("source", (object?)item.Source),
            KeyValuePair.Create("service", (object?)item.Service)
        );

    private static double? Seconds(DateTimeOffset? time) => time is { } point ? point.ToUnixTimeMilliseconds() / 1000.0 : null;
}
