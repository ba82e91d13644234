using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Zipkin;

/// <summary>Zipkin's JSON v2 (zipkin.io/zipkin-api, <c>POST /api/v2/spans</c>). Times are microseconds, and all tags are strings.</summary>
/// <example>
/// <c>[{"traceId":"2f34…","parentId":"7767…","id":"e2cb…","name":"get","timestamp":1795337054454000,"duration":46678,
/// "localEndpoint":{"serviceName":"kubo"},"tags":{}}]</c>
/// </example>
public static class ZipkinJson
{
    /// <summary>Reads an array of spans.</summary>
    /// <param name="data">One JSON document; the caller limits its size.</param>
    /// <param name="rejected">Receives spans without valid ids. If null, such a span is an error.</param>
    /// <exception cref="TraceFormatException">The text is in another format.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null) =>
        new ZipkinJsonReader(rejected).Read(data);
}
