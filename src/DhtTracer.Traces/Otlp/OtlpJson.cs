using System.Buffers;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// OTLP as JSON (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): proto3's JSON mapping with ids in hex. Accepts ids in either
/// case, 64-bit integers as strings or numbers, enums as numbers or names, and fields in camel case or as in the .proto files. Unknown
/// members are skipped.
/// </summary>
/// <example>
/// <c>{"resourceSpans":[{"resource":{...},"scopeSpans":[{"scope":{"name":"js-libp2p"},"spans":[{"traceId":"eb77…",...}]}]}]}</c>
/// </example>
public static class OtlpJson
{
    /// <summary>Reads one document.</summary>
    /// <param name="data">One JSON document; the caller limits its size.</param>
    /// <param name="rejected">
    /// Receives spans without a valid trace id or span id; the other spans are still read. If null, such a span is an error.
    /// </param>
    /// <exception cref="TraceFormatException">The text is not OTLP JSON.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new OtlpJsonReader("OTLP JSON", rejected).ReadDocument(data);

    /// <summary>Reads consecutive documents, one per line, as the OpenTelemetry Collector's file exporter writes them.</summary>
    /// <inheritdoc cref="Decode"/>
    public static IReadOnlyList<Span> DecodeLines(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new OtlpJsonReader("OTLP JSON lines", rejected).ReadDocuments(data);

    /// <summary>Writes spans as one document without line breaks, grouped by resource and scope.</summary>
    public static byte[] Encode(IEnumerable<Span> spans)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            OtlpJsonWriter.WriteDocument(writer, spans);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
