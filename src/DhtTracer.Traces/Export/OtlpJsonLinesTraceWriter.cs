using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes one OTLP JSON document per trace, each on its own line.</summary>
internal sealed class OtlpJsonLinesTraceWriter : TraceWriter
{
    private readonly PipeWriter _lines;
    private readonly Utf8JsonWriter _json;

    public OtlpJsonLinesTraceWriter(PipeWriter output)
        : base(output)
    {
        _lines = output;
        _json = new Utf8JsonWriter(output);
    }

    public override string MediaType => "application/x-ndjson";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        OtlpJsonWriter.WriteDocument(_json, trace);
        _json.Flush();
        _json.Reset();
        _lines.Write("\n"u8);
    }

    private protected override void WriteEnd()
    {
        // Each line is a complete document, so there is nothing to close.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Disposing the JSON writer would flush to a pipe that may be closed already.
            _json.Reset();
            _json.Dispose();
        }

        base.Dispose(disposing);
    }
}
