using System.Buffers;
using System.Text.Json;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Jaeger's JSON v1: what <c>/api/traces</c> answers and the Jaeger UI saves. Times are whole microseconds, so the last three digits of
/// a nanosecond time are cut off, as Jaeger does.
/// </summary>
/// <example><c>{"data":[{"traceID":"4d69…","spans":[{"traceID":…,"processID":"p1"}],"processes":{"p1":{"serviceName":"kubo","tags":[]}}}]}</c></example>
public static class JaegerJson
{
    /// <summary>Reads spans: an answer with an envelope, one trace object, or an array of traces.</summary>
    /// <param name="data">One JSON document; the caller limits its size.</param>
    /// <param name="rejected">Takes spans without valid ids or times; when null such a span is an error.</param>
    /// <exception cref="TraceFormatException">The text is something else, or the answer is an error, whose text the exception
    /// quotes.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new JaegerJsonReader(rejected).Read(data);

    /// <summary>Writes spans in the envelope of <c>/api/traces</c>; traces stand in the order of their first span.</summary>
    public static byte[] Encode(IEnumerable<Span> spans)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            JaegerJsonWriter.WriteEnvelopeStart(writer);
            foreach (var trace in spans.GroupBy(span => span.TraceId))
            {
                JaegerJsonWriter.WriteTrace(writer, trace.Key, trace);
            }

            JaegerJsonWriter.WriteEnvelopeEnd(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
