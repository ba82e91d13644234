using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Traces;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage;

/// <summary>Spans of one trace, as they arrived together.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Otlp">An OTLP <c>TracesData</c> message that holds spans of this trace only.</param>
/// <param name="SpanCount">Spans in it, at least 1.</param>
public readonly record struct TraceChunk(TraceId TraceId, ReadOnlyMemory<byte> Otlp, int SpanCount);

/// <summary>A trace that is to be analysed: spans have arrived since it was, or a part of another trace was linked to it.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="FirstReceivedUnixNano">When the first of these spans arrived; when its last span did if there are none.</param>
/// <param name="LastReceivedUnixNano">When the last of them arrived.</param>
/// <param name="SpanCount">How many, duplicates included.</param>
public sealed record PendingTrace(TraceId TraceId, long FirstReceivedUnixNano, long LastReceivedUnixNano, long SpanCount);

/// <summary>All that is stored of a trace, at one moment.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Revision">Analyses saved so far; <see cref="TraceAnalysis.Content"/> gives it back, so that of two analyses only one is
/// saved.</param>
/// <param name="AnalysisVersion">Version of the last analysis, 0 when there was none.</param>
/// <param name="LastChunk">Number of the newest chunk in it, 0 when there is none.</param>
/// <param name="LastReceivedUnixNano">When spans last arrived.</param>
/// <param name="Otlp">OTLP <c>TracesData</c> messages one after another, which are one message; a span may stand in it more than
/// once.</param>
/// <param name="Links">What the archive found in other traces that belongs to this one.</param>
/// <param name="Streams">Streams of query events in other traces that are joined with operations of this one.</param>
/// <param name="IsStale">A link was made or taken away since the last analysis.</param>
public sealed record TraceContent(
    TraceId TraceId,
    long Revision,
    int AnalysisVersion,
    long LastChunk,
    long LastReceivedUnixNano,
    ReadOnlyMemory<byte> Otlp,
    TraceLinks Links,
    ImmutableArray<LinkedStream> Streams,
    bool IsStale
)
{
    /// <summary>What the spans of the trace tell, with what belongs to it of other traces.</summary>
    /// <param name="reconstruct">Spans of one trace to operations and queries.</param>
    /// <param name="spans">The merged spans of this content.</param>
    public ReconstructedTrace Reconstruct(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, IReadOnlyList<Span> spans) =>
        (Streams.IsEmpty ? Links : Links with { Streams = [.. Streams.SelectMany(static stream => stream.Read())] }).Reconstruct(
            reconstruct,
            spans
        );

    /// <summary>Whether an analysis is due: spans have arrived since the last one, it was another version's, or something that it used has
    /// changed.</summary>
    /// <param name="version">The version that analyses now.</param>
    public bool NeedsAnalysis(int version) => LastChunk > 0 || IsStale || AnalysisVersion < version;

    /// <summary>Tells this content from any other that the trace had or will have.</summary>
    public TraceState State => new(Revision, LastChunk, LastReceivedUnixNano);
}

/// <summary>A stream of query events in another trace.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation that it is joined with.</param>
/// <param name="Otlp">The other trace, as <see cref="TraceContent.Otlp"/>.</param>
public sealed record LinkedStream(SpanId Root, SpanId Operation, ReadOnlyMemory<byte> Otlp)
{
    /// <summary>The stream decoded; none when its bytes cannot be read, which the other trace's own analysis reports.</summary>
    internal IEnumerable<JoinedStream> Read()
    {
        try
        {
            return [new JoinedStream(Root, Operation, SpanMerge.Merge(OtlpProtobuf.Decode(Otlp)))];
        }
        catch (TraceFormatException)
        {
            return [];
        }
    }
}

/// <summary>
/// What changes whenever the content of a trace does: as long as it is the same, what was made of the content is still right. Holds also
/// when a trace is deleted and arrives again, because then it is received later.
/// </summary>
/// <param name="Revision">Analyses saved so far.</param>
/// <param name="LastChunk">Number of the newest chunk that waits for analysis, 0 when there is none.</param>
/// <param name="LastReceivedUnixNano">When spans last arrived.</param>
public readonly record struct TraceState(long Revision, long LastChunk, long LastReceivedUnixNano);

/// <summary>What is known of a trace without reading its spans.</summary>
public sealed record TraceInfo
{
    /// <summary>The trace.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary>When spans of it last arrived.</summary>
    public required long ReceivedUnixNano { get; init; }

    /// <summary>Distinct spans, as of the last analysis.</summary>
    public required long SpanCount { get; init; }

    /// <summary>Spans that arrived since, duplicates included.</summary>
    public required long PendingSpanCount { get; init; }

    /// <summary>Bytes as OTLP protobuf.</summary>
    public required long RawBytes { get; init; }

    /// <summary>Start of the earliest span; null when it is not analysed yet.</summary>
    public ulong? StartUnixNano { get; init; }

    /// <summary>End of the latest span; null when it is not analysed yet or none has ended.</summary>
    public ulong? EndUnixNano { get; init; }

    /// <summary>Why the last analysis failed; null when it did not.</summary>
    public string? AnalysisError { get; init; }
}

/// <summary>What is in the database.</summary>
/// <param name="Traces">Traces.</param>
/// <param name="Spans">Distinct spans of analysed traces.</param>
/// <param name="PendingSpans">Spans that wait for analysis, duplicates included.</param>
/// <param name="Operations">Operations, background ones included.</param>
/// <param name="Queries">Queries, background ones included.</param>
/// <param name="RawBytes">Bytes of the analysed spans as OTLP protobuf.</param>
/// <param name="FileBytes">Bytes of the database file and its write-ahead log.</param>
public sealed record StoreCounts(long Traces, long Spans, long PendingSpans, long Operations, long Queries, long RawBytes, long FileBytes);
