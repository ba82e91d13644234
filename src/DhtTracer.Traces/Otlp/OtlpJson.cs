using System.Buffers;
using System.Text.Json;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// OTLP as JSON (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): proto3's JSON mapping with ids in hex. Reads ids in either
/// case, 64-bit integers as strings or numbers, enums as numbers or names, fields in camel case or as in the .proto files; unknown
/// members are passed over.
/// </summary>
/// <example><c>{"resourceSpans":[{"resource":{...},"scopeSpans":[{"scope":{"name":"js-libp2p"},"spans":[{"traceId":"eb77…",...}]}]}]}</c></example>
public static class OtlpJson
{
    /// <summary>Reads one document.</summary>
    /// <param name="data">One JSON document; the caller limits its size.</param>
    /// <param name="rejected">
    /// Takes spans without a valid trace id or span id, whose neighbours are then read all the same; when null such a span is an error.
    /// </param>
    /// <exception cref="TraceFormatException">The text is not OTLP JSON.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new OtlpJsonReader("OTLP JSON", rejected).ReadDocument(data);

    /// <summary>Reads documents that follow one another, one per line as the OpenTelemetry Collector's file exporter writes.</summary>
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
