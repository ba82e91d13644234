using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Export;

/// <summary>Writes Jaeger's JSON v1, and exact nanosecond times in extra members.</summary>
internal sealed class JaegerJsonTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter _json;

    public JaegerJsonTraceWriter(PipeWriter output)
        : base(output)
    {
        _json = new Utf8JsonWriter(output);
        JaegerJsonWriter.WriteEnvelopeStart(_json);
    }

    public override string MediaType => "application/json";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        foreach (var spans in trace.GroupBy(span => span.TraceId))
        {
            JaegerJsonWriter.WriteTrace(_json, spans.Key, spans, exact: true);
        }

        _json.Flush();
    }

    private protected override void WriteEnd()
    {
        JaegerJsonWriter.WriteEnvelopeEnd(_json);
        _json.Flush();
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
