using System.Buffers;
using System.IO.Pipelines;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes OTLP protobuf. Concatenated messages are one message, because protobuf merges repeated fields.</summary>
internal sealed class OtlpProtobufTraceWriter(PipeWriter output) : TraceWriter(output)
{
    private readonly PipeWriter _pipe = output;

    public override string MediaType => "application/x-protobuf";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace) => _pipe.Write(OtlpProtobuf.Write(trace));

    private protected override void WriteEnd()
    {
        // A protobuf message has no end marker.
    }
}
