using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes a document of OTLP JSON and a line break for each trace.</summary>
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
        // Each line is complete in itself.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Its own end would flush into a pipe that may be gone.
            _json.Reset();
            _json.Dispose();
        }

        base.Dispose(disposing);
    }
}
