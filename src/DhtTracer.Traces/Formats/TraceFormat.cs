namespace DhtTracer.Traces.Formats;

/// <summary>A format of input with spans.</summary>
public enum TraceFormat
{
    /// <summary>Not recognised.</summary>
    Unknown = 0,

    /// <summary>gzip (RFC 1952). Detect the format of the content separately.</summary>
    Gzip,

    /// <summary>OTLP JSON, one document.</summary>
    OtlpJson,

    /// <summary>OTLP JSON, one document per line, as the OpenTelemetry Collector's file exporter writes it.</summary>
    OtlpJsonLines,

    OtlpProtobuf,

    /// <summary>The body of an OTLP gRPC call: flag, length, and OTLP protobuf.</summary>
    OtlpGrpc,

    /// <summary>Jaeger's JSON v1.</summary>
    JaegerJson,

    /// <summary>Answers of Jaeger's HTTP API v3.</summary>
    JaegerV3Json,

    /// <summary>Jaeger's Thrift in the binary protocol: a bare <c>Batch</c> or an <c>emitBatch</c> message.</summary>
    JaegerThriftBinary,

    /// <summary>Jaeger's Thrift in the compact protocol: a bare <c>Batch</c> or an <c>emitBatch</c> message.</summary>
    JaegerThriftCompact,

    /// <summary>Zipkin's JSON v2.</summary>
    ZipkinJson,

    /// <summary>The event log of 2019 as server-sent events, <c>data: {...}</c>.</summary>
    EventLogServerSentEvents,

    /// <summary>The event log of 2019 as one JSON object per line.</summary>
    EventLogJsonLines,

    /// <summary>Spans of OpenTelemetry Go's stdouttrace exporter, one JSON object per line, as Kubo's <c>file</c> exporter
    /// writes.</summary>
    GoStdoutLines,

    /// <summary>The same, indented over several lines.</summary>
    GoStdout,

    /// <summary>A log of a Rust program (tracing-subscriber, human or JSON) that may hold lines of libp2p_kad or litep2p.</summary>
    RustLog,

    /// <summary>Query events of a Kubo, one JSON object per line, as <c>ipfs routing findprovs -v --enc=json</c> prints them.</summary>
    KuboEventsJsonLines,

    /// <summary>A log of a Kubo: JSON lines of <c>ipfs log tail</c>, or its standard error.</summary>
    KuboLog,

    /// <summary>An HTML page that DhtTracer exported, with its spans embedded.</summary>
    HtmlPage,

    /// <summary>IPFS Request Trace, <c>docs/request-trace.md</c>.</summary>
    RequestTrace,
}
