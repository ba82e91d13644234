using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes a document of OTLP JSON and a line break for each trace.</summary>
internal sealed class OtlpJsonLinesTraceWriter : TraceWriter
{
    private readonly PipeWriter lines;
    private readonly Utf8JsonWriter json;

    public OtlpJsonLinesTraceWriter(PipeWriter output)
        : base(output)
    {
        lines = output;
        json = new Utf8JsonWriter(output);
    }

    public override string MediaType => "application/x-ndjson";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        OtlpJsonWriter.WriteDocument(json, trace);
        json.Flush();
        json.Reset();
        lines.Write("\n"u8);
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
            json.Reset();
            json.Dispose();
        }

        base.Dispose(disposing);
    }
}
