using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes one document of OTLP JSON, bare or as a result of Jaeger's HTTP API v3; each trace has its own resource groups.</summary>
internal sealed class OtlpJsonTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter json;
    private readonly bool isResult;

    public OtlpJsonTraceWriter(PipeWriter output, bool isResult)
        : base(output)
    {
        this.isResult = isResult;
        json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        if (isResult)
        {
            json.WriteStartObject("result"u8);
        }

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
        if (isResult)
        {
            json.WriteEndObject();
        }

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
