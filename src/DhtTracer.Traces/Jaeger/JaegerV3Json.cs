using System.Buffers;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Answers of Jaeger's HTTP API v3: OTLP JSON in an envelope, <c>{"result":{"resourceSpans":[...]}}</c>. Several may follow one another.
/// </summary>
public static class JaegerV3Json
{
    /// <summary>Reads the spans of all results.</summary>
    /// <param name="data">The answer's body; the caller limits its size.</param>
    /// <param name="rejected">Receives spans without valid ids. If null, such a span is an error.</param>
    /// <exception cref="TraceFormatException">The text is in another format, or it is an error answer. The exception quotes the error's
    /// text.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new OtlpJsonReader("Jaeger v3 JSON", rejected).ReadResults(data);

    /// <summary>Writes spans as one result.</summary>
    public static byte[] Encode(IEnumerable<Span> spans)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("result"u8);
            OtlpJsonWriter.WriteDocument(writer, spans);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
