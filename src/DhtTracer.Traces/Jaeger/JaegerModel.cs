using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Converts between Jaeger's model (<c>jaeger.api_v2</c>) and spans. All Jaeger formats use it, so <c>docs/jaeger-mapping.md</c> holds for
/// each of them.
/// </summary>
public static class JaegerModel
{
    /// <summary>The attribute that holds the warnings of a span, which Jaeger itself adds when it reads.</summary>
    public const string WarningsAttribute = JaegerTags.Warnings;

    private const string Format = "Jaeger model";

    /// <summary>Converts Jaeger's spans to ours, in the same order.</summary>
    /// <param name="spans">The spans of a batch, a trace or an answer.</param>
    /// <param name="process">The batch's process, for spans without one of their own.</param>
    /// <param name="rejected">
    /// Receives spans without a valid id or time; the other spans are still read. The offset is the span's index from 0. If null, such a
    /// span is an error.
    /// </param>
    /// <exception cref="TraceFormatException">A span has no valid id or time, and <paramref name="rejected"/> is null.</exception>
    public static IReadOnlyList<Span> Decode(
        IEnumerable<Proto.Span> spans,
        Proto.Process? process = null,
        ICollection<RejectedSpan>? rejected = null
    )
    {
        var reader = new JaegerSpanReader();
        var decoded = new List<Span>();
        var index = 0;
        foreach (var span in spans)
        {
            if (reader.Read(span, span.Process ?? process, out var problem) is { } one)
            {
                decoded.Add(one);
            }
            else if (rejected is not null)
            {
                rejected.Add(new RejectedSpan(index, problem));
            }
            else
            {
                throw new TraceFormatException(Format, index, problem);
            }

            index++;
        }

        return decoded;
    }

    /// <summary>Converts a span to Jaeger's, with its process inside, as <c>QueryService</c> sends it.</summary>
    public static Proto.Span Encode(Span span)
    {
        var encoded = JaegerSpanWriter.WriteSpan(span);
        encoded.Process = JaegerSpanWriter.WriteProcess(span.Resource);
        return encoded;
    }

    /// <summary>Converts spans to one batch per resource, as <c>CollectorService</c> accepts them.</summary>
    public static IReadOnlyList<Proto.Batch> EncodeBatches(IEnumerable<Span> spans)
    {
        var batches = new List<Proto.Batch>();
        foreach (var group in SpanGrouping.ByResourceAndScope(spans))
        {
            var batch = new Proto.Batch { Process = JaegerSpanWriter.WriteProcess(group.Resource) };
            batch.Spans.AddRange(group.Scopes.SelectMany(scope => scope.Spans).Select(JaegerSpanWriter.WriteSpan));
            batches.Add(batch);
        }

        return batches;
    }
}
