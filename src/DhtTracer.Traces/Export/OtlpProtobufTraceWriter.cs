using System.Buffers;
using System.IO.Pipelines;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Export;

/// <summary>Writes OTLP protobuf: messages one after another are one message, because repeated fields add up.</summary>
internal sealed class OtlpProtobufTraceWriter(PipeWriter output) : TraceWriter(output)
{
    private readonly PipeWriter _pipe = output;

    public override string MediaType => "application/x-protobuf";

    private protected override void WriteTrace(IReadOnlyCollection<Span> trace) => _pipe.Write(OtlpProtobuf.Write(trace));

    private protected override void WriteEnd()
    {
        // A protobuf message has no end of its own.
    }
}
