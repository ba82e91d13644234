using System.Collections.Immutable;
using DhtTracer.Traces;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.Analysis;

/// <summary>A stream of query events of another trace that is joined with an operation of this one.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation of this trace.</param>
/// <param name="Spans">Spans of the other trace; those that are not of the stream are passed over.</param>
public sealed record JoinedStream(SpanId Root, SpanId Operation, IReadOnlyList<Span> Spans);

/// <summary>Where a stream of query events of this trace belongs.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation of another trace that it is joined with; null when it is not joined.</param>
/// <param name="Fits">How many operations of other traces fit it, see <see cref="StreamMatch.Fits"/>.</param>
public readonly record struct StreamLink(SpanId Root, QueryId? Operation, int Fits);

/// <summary>What ties a trace to others: found by the archive, because one trace alone does not tell it.</summary>
public sealed record TraceLinks
{
    /// <summary>No ties.</summary>
    public static TraceLinks None { get; } = new();

    /// <summary>Requests that stand alone in other traces and belong to operations of this one, in any order.</summary>
    public ImmutableArray<LoosePart> Parts { get; init; } = [];

    /// <summary>Requests that stand alone in other traces and can be of operations of this one, but of others too, in any order.</summary>
    public ImmutableArray<LoosePart> UnclearParts { get; init; } = [];

    /// <summary>Streams of query events of other traces that are joined with operations of this one.</summary>
    public ImmutableArray<JoinedStream> Streams { get; init; } = [];

    /// <summary>Streams of query events of this trace.</summary>
    public ImmutableArray<StreamLink> OwnStreams { get; init; } = [];

    /// <summary>Reconstructs a trace with its ties.</summary>
    /// <param name="reconstruct">Spans of one trace to operations and queries.</param>
    /// <param name="spans">The merged spans of the trace.</param>
    public ReconstructedTrace Reconstruct(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, IReadOnlyList<Span> spans)
    {
        if (spans.Count == 0)
        {
            return ReconstructedTrace.Empty;
        }

        var found = Streams.IsEmpty
            ? reconstruct(spans)
            : WithoutStreams(
                reconstruct([.. spans, .. Streams.SelectMany(stream => Below(spans[0].TraceId, stream))]),
                Streams.Select(static stream => stream.Root).ToHashSet()
            );
        return WithUnclearParts(TraceParts.Join(Moved(found), Parts));
    }

    private ReconstructedTrace WithUnclearParts(ReconstructedTrace found) =>
        UnclearParts.IsEmpty
            ? found
            : found with
            {
                Operations =
                [
                    .. found.Operations.Select(operation =>
                        UnclearParts.Count(part => OperationParts.Belongs(operation, part)) is var unclear and > 0
                            ? operation with
                            {
                                UnclearParts = unclear,
                            }
                            : operation
                    ),
                ],
            };

    /// <summary>The stream as if it had come in the trace of the operation, below it.</summary>
    private static IEnumerable<Span> Below(TraceId trace, JoinedStream stream) =>
        stream
            .Spans.Where(span =>
                span.ScopeName() == KuboEventNames.Scope && (span.SpanId == stream.Root || span.ParentSpanId == stream.Root)
            )
            .Select(span =>
                span with
                {
                    TraceId = trace,
                    ParentSpanId = span.SpanId == stream.Root ? stream.Operation : span.ParentSpanId,
                }
            );

    /// <summary>The streams of other traces are in no way of this trace, even when the operation is not found again.</summary>
    private static ReconstructedTrace WithoutStreams(ReconstructedTrace found, HashSet<SpanId> roots) =>
        found with
        {
            Operations = found.Operations.RemoveAll(operation => roots.Contains(operation.Id.SpanId)),
            Queries = found.Queries.RemoveAll(query => roots.Contains(query.Id.SpanId)),
            Streams = found.Streams.RemoveAll(stream => roots.Contains(stream.Id.SpanId)),
        };

    /// <summary>Streams of this trace that are joined elsewhere are no operations of it; the others say how many operations fit
    /// them.</summary>
    private ReconstructedTrace Moved(ReconstructedTrace found)
    {
        foreach (var link in OwnStreams)
        {
            if (found.Streams.FirstOrDefault(stream => stream.Id.SpanId == link.Root) is not { JoinedTo: null } own)
            {
                continue;
            }

            found = link.Operation is { } elsewhere
                ? WithoutStreams(found, [link.Root]) with
                {
                    Streams = found.Streams.Replace(own, own with { JoinedTo = elsewhere }),
                }
                : found with
                {
                    Operations =
                    [
                        .. found.Operations.Select(operation =>
                            operation.Id == own.Id ? operation with { SpansThatFit = link.Fits } : operation
                        ),
                    ],
                };
        }

        return found;
    }
}
