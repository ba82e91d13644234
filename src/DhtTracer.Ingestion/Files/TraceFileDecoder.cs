using DhtTracer.Traces;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Files;

/// <summary>Decodes a whole document of a recognised format.</summary>
internal static class TraceFileDecoder
{
    /// <summary>Decodes it.</summary>
    /// <exception cref="TraceFormatException">It is not what its beginning says.</exception>
    public static IReadOnlyList<Span> Decode(TraceFormat format, ReadOnlyMemory<byte> document, ICollection<RejectedSpan> rejected) =>
        format switch
        {
            TraceFormat.OtlpJson or TraceFormat.OtlpJsonLines => OtlpJson.DecodeLines(document.Span, rejected),
            TraceFormat.OtlpProtobuf => OtlpProtobuf.Decode(document, rejected),
            TraceFormat.JaegerJson => JaegerJson.Decode(document.Span, rejected),
            TraceFormat.JaegerV3Json => JaegerV3Json.Decode(document.Span, rejected),
            _ => throw new UnknownFormatException($"it looks like {format}, which cannot be imported from a file"),
        };
}
