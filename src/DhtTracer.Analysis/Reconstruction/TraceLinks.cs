using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>A stream of query events from another trace that is joined with an operation of this trace.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation of this trace.</param>
/// <param name="Spans">Spans of the other trace; those of other streams are ignored.</param>
public sealed record JoinedStream(SpanId Root, SpanId Operation, IReadOnlyList<Span> Spans);

/// <summary>The match of a stream of query events of this trace.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation of another trace that the stream is joined with; null when it is not joined.</param>
/// <param name="Fits">Number of operations of other traces that fit it, see <see cref="StreamMatch.Fits"/>.</param>
public readonly record struct StreamLink(SpanId Root, QueryId? Operation, int Fits);

/// <summary>The links from a trace to other traces. The archive finds them, because one trace alone does not show them.</summary>
public sealed record TraceLinks
{
    /// <summary>No links.</summary>
    public static TraceLinks None { get; } = new();

    /// <summary>Requests that are alone in other traces and belong to operations of this one, in any order.</summary>
    public ImmutableArray<LoosePart> Parts { get; init; } = [];

    /// <summary>Requests that are alone in other traces and may belong to operations of this one or of others, in any order.</summary>
    public ImmutableArray<LoosePart> UnclearParts { get; init; } = [];

    /// <summary>Streams of query events of other traces that are joined with operations of this one.</summary>
    public ImmutableArray<JoinedStream> Streams { get; init; } = [];

    /// <summary>Streams of query events of this trace.</summary>
    public ImmutableArray<StreamLink> OwnStreams { get; init; } = [];

    /// <summary>Reconstructs a trace with its links.</summary>
    /// <param name="reconstruct">Turns the spans of one trace into operations and queries.</param>
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

    /// <summary>The spans of the stream, moved into the trace of the operation and below it.</summary>
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

    /// <summary>
    /// Removes the streams of other traces, which are never part of this one, even when the operation is not found again.
    /// </summary>
    private static ReconstructedTrace WithoutStreams(ReconstructedTrace found, HashSet<SpanId> roots) =>
        found with
        {
            Operations = found.Operations.RemoveAll(operation => roots.Contains(operation.Id.SpanId)),
            Queries = found.Queries.RemoveAll(query => roots.Contains(query.Id.SpanId)),
            Streams = found.Streams.RemoveAll(stream => roots.Contains(stream.Id.SpanId)),
        };

    /// <summary>
    /// Removes the streams of this trace that are joined elsewhere. For the other streams it sets how many operations fit them.
    /// </summary>
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
