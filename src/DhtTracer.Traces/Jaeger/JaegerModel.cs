using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Turns Jaeger's model (<c>jaeger.api_v2</c>) into spans and back. All of Jaeger's formats go through it, so that
/// <c>docs/jaeger-mapping.md</c> holds for each of them.
/// </summary>
public static class JaegerModel
{
    private const string Format = "Jaeger model";

    /// <summary>Turns Jaeger's spans into ours, in the same order.</summary>
    /// <param name="spans">The spans of a batch, a trace or an answer.</param>
    /// <param name="process">The batch's process, for spans that have none of their own.</param>
    /// <param name="rejected">
    /// Takes spans without a valid id or time, whose neighbours are then taken all the same; its offset is the span's number from 0.
    /// When null such a span is an error.
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

    /// <summary>Turns a span into Jaeger's, with its process inside as <c>QueryService</c> sends it.</summary>
    public static Proto.Span Encode(Span span)
    {
        var encoded = JaegerSpanWriter.WriteSpan(span);
        encoded.Process = JaegerSpanWriter.WriteProcess(span.Resource);
        return encoded;
    }

    /// <summary>Turns spans into one batch per resource, as <c>CollectorService</c> takes them.</summary>
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
