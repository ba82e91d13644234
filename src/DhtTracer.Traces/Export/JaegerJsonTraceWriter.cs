using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Jaeger;

namespace DhtTracer.Traces.Export;

/// <summary>Writes Jaeger's JSON v1, with exact times beside those of Jaeger.</summary>
internal sealed class JaegerJsonTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter json;

    public JaegerJsonTraceWriter(PipeWriter output)
        : base(output)
    {
        json = new Utf8JsonWriter(output);
        JaegerJsonWriter.WriteEnvelopeStart(json);
    }

    public override string MediaType => "application/json";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        foreach (var spans in trace.GroupBy(span => span.TraceId))
        {
            JaegerJsonWriter.WriteTrace(json, spans.Key, spans, exact: true);
        }

        json.Flush();
    }

    private protected override void WriteEnd()
    {
        JaegerJsonWriter.WriteEnvelopeEnd(json);
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
