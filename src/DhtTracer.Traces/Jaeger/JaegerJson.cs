using System.Buffers;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Jaeger's JSON v1, as <c>/api/traces</c> returns it and the Jaeger UI saves it. Times are whole microseconds: the last three digits of a
/// nanosecond time are dropped, as Jaeger does.
/// </summary>
/// <example>
/// <c>{"data":[{"traceID":"4d69…","spans":[{"traceID":…,"processID":"p1"}],"processes":{"p1":{"serviceName":"kubo","tags":[]}}}]}</c>
/// </example>
public static class JaegerJson
{
    /// <summary>Reads spans from an answer with an envelope, one trace object, or an array of traces.</summary>
    /// <param name="data">One JSON document; the caller limits its size.</param>
    /// <param name="rejected">Receives spans without valid ids or times. If null, such a span is an error.</param>
    /// <exception cref="TraceFormatException">The text is in another format, or it is an error answer. The exception quotes the error's
    /// text.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new JaegerJsonReader(rejected).Read(data);

    /// <summary>Writes spans in the envelope of <c>/api/traces</c>. Traces are in the order of their first span.</summary>
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
