using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes one document of OTLP JSON; each trace has its own resource groups.</summary>
internal sealed class OtlpJsonTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter json;

    public OtlpJsonTraceWriter(PipeWriter output)
        : base(output)
    {
        json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans"u8);
    }

    public override string MediaType => "application/json";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        OtlpJsonWriter.WriteResourceSpans(json, trace);
        json.Flush();
    }

    private protected override void WriteEnd()
    {
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
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
