using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// OTLP as Protocol Buffers: <c>TracesData</c>, which has the same bytes as <c>ExportTraceServiceRequest</c>
/// (opentelemetry.io/docs/specs/otlp). Every field that the model knows survives; unknown fields are skipped.
/// </summary>
public static class OtlpProtobuf
{
    [ThreadStatic]
    private static OtlpProtobufReader? _reader;

    [ThreadStatic]
    private static OtlpProtobufWriter? _writer;

    /// <summary>Reads spans in input order.</summary>
    /// <param name="data">One message; the caller limits its size. Decoding uses at most about 30 times that memory.</param>
    /// <param name="rejected">
    /// Receives spans without a valid trace id or span id; the other spans are still read. If null, such a span is an error.
    /// </param>
    /// <exception cref="TraceFormatException">The bytes are not OTLP.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        (_reader ??= new OtlpProtobufReader()).Read(data, rejected);

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, ICollection{RejectedSpan}?)"/>
    public static IReadOnlyList<Span> Decode(ReadOnlyMemory<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        Decode(data.Span, rejected);

    /// <summary>Writes spans as one message, grouped by resource and scope.</summary>
    /// <remarks>Concatenated messages are one message, because Protocol Buffers merges repeated fields.</remarks>
    /// <exception cref="InvalidOperationException">The message would exceed 2 GiB.</exception>
    public static byte[] Encode(IEnumerable<Span> spans) => Write(spans).ToArray();

    /// <summary>Writes spans into a buffer. It is valid until the next call on this thread.</summary>
    internal static ReadOnlySpan<byte> Write(IEnumerable<Span> spans) => (_writer ??= new OtlpProtobufWriter()).Write(spans);
}
