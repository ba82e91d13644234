using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>
/// Writes one OTLP JSON document, bare or wrapped as a result of Jaeger's HTTP API v3. Each trace has its own resource groups.
/// </summary>
internal sealed class OtlpJsonTraceWriter : TraceWriter
{
    private readonly Utf8JsonWriter _json;
    private readonly bool _isResult;

    public OtlpJsonTraceWriter(PipeWriter output, bool isResult)
        : base(output)
    {
        _isResult = isResult;
        _json = new Utf8JsonWriter(output);
        _json.WriteStartObject();
        if (isResult)
        {
            _json.WriteStartObject("result"u8);
        }

        _json.WriteStartArray("resourceSpans"u8);
    }

    public override string MediaType => "application/json";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace)
    {
        OtlpJsonWriter.WriteResourceSpans(_json, trace);
        _json.Flush();
    }

    private protected override void WriteEnd()
    {
        _json.WriteEndArray();
        if (_isResult)
        {
            _json.WriteEndObject();
        }

        _json.WriteEndObject();
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
