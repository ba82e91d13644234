using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Traces;

/// <summary>Spans of one trace that arrived together.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Otlp">An OTLP <c>TracesData</c> message that holds spans of this trace only.</param>
/// <param name="SpanCount">Number of spans in it, at least 1.</param>
public readonly record struct TraceChunk(TraceId TraceId, ReadOnlyMemory<byte> Otlp, int SpanCount);

/// <summary>A trace waiting for analysis: spans arrived after its last analysis, or a part of another trace was linked to it.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="FirstReceivedUnixNano">When the first of these spans arrived. Without such spans, when the trace's last span
/// arrived.</param>
/// <param name="LastReceivedUnixNano">When the last of these spans arrived.</param>
/// <param name="SpanCount">Number of these spans, duplicates included.</param>
public sealed record PendingTrace(TraceId TraceId, long FirstReceivedUnixNano, long LastReceivedUnixNano, long SpanCount);

/// <summary>Everything stored of a trace at one moment.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Revision">Number of analyses saved so far. <see cref="TraceAnalysis.Content"/> carries it back, so only one of two
/// concurrent analyses is saved.</param>
/// <param name="AnalysisVersion">Version of the last analysis, 0 if there was none.</param>
/// <param name="Rows">Numbers of the inbox messages in it, ascending. Saving the analysis removes this trace from them.</param>
/// <param name="LastReceivedUnixNano">When spans last arrived.</param>
/// <param name="Otlp">Concatenated OTLP <c>TracesData</c> messages, which form one message. A span may occur more than once.</param>
/// <param name="StoredBytes">Length of the beginning of <paramref name="Otlp"/> that is stored for good: what the last analysis
/// kept. The rest is from the inbox.</param>
/// <param name="Links">Parts in other traces that belong to this trace.</param>
/// <param name="Streams">Query-event streams in other traces that are joined with operations of this trace.</param>
/// <param name="IsStale">Whether a link was added or removed since the last analysis.</param>
public sealed record TraceContent(
    TraceId TraceId,
    long Revision,
    int AnalysisVersion,
    ImmutableArray<long> Rows,
    long LastReceivedUnixNano,
    ReadOnlyMemory<byte> Otlp,
    int StoredBytes,
    TraceLinks Links,
    ImmutableArray<LinkedStream> Streams,
    bool IsStale
)
{
    /// <summary>Reconstructs the trace, with the parts of other traces that belong to it.</summary>
    /// <param name="reconstruct">Finds the operations and queries in the spans of one trace.</param>
    /// <param name="spans">The merged spans of this content.</param>
    public ReconstructedTrace Reconstruct(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, IReadOnlyList<Span> spans) =>
        (Streams.IsEmpty ? Links : Links with { Streams = [.. Streams.SelectMany(static stream => stream.Read())] }).Reconstruct(
            reconstruct,
            spans
        );

    /// <summary>
    /// Whether the trace needs analysis: spans arrived since the last one, another version made it, or something that it used has changed.
    /// </summary>
    /// <param name="version">The current version of the analysis.</param>
    public bool NeedsAnalysis(int version) => !Rows.IsEmpty || IsStale || AnalysisVersion < version;

    /// <summary>Distinguishes this content from any other content of the trace.</summary>
    public TraceState State => new(Revision, Rows.IsEmpty ? 0 : Rows[^1], LastReceivedUnixNano);
}

/// <summary>A query-event stream in another trace.</summary>
/// <param name="Root">Root span of the stream.</param>
/// <param name="Operation">The operation that it is joined with.</param>
/// <param name="Otlp">The other trace's bytes, as <see cref="TraceContent.Otlp"/>.</param>
public sealed record LinkedStream(SpanId Root, SpanId Operation, ReadOnlyMemory<byte> Otlp)
{
    /// <summary>Decodes the stream. Empty if its bytes cannot be read; the analysis of the other trace reports that.</summary>
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
/// Changes whenever the content of a trace changes. While it is equal, anything computed from the content is still valid. This also holds
/// if a trace is deleted and arrives again, because the time of arrival differs.
/// </summary>
/// <param name="Revision">Number of analyses saved so far.</param>
/// <param name="LastRow">Number of the newest inbox message that waits for analysis, 0 if there is none.</param>
/// <param name="LastReceivedUnixNano">When spans last arrived.</param>
public readonly record struct TraceState(long Revision, long LastRow, long LastReceivedUnixNano);

/// <summary>What is known about a trace without reading its spans.</summary>
public sealed record TraceInfo
{
    public required TraceId TraceId { get; init; }

    /// <summary>When spans of it last arrived.</summary>
    public required long ReceivedUnixNano { get; init; }

    /// <summary>Number of distinct spans at the last analysis.</summary>
    public required long SpanCount { get; init; }

    /// <summary>Number of spans that arrived since, duplicates included.</summary>
    public required long PendingSpanCount { get; init; }

    /// <summary>Size as OTLP protobuf, in bytes.</summary>
    public required long RawBytes { get; init; }

    /// <summary>Start of the earliest span; null if the trace is not analysed yet.</summary>
    public ulong? StartUnixNano { get; init; }

    /// <summary>End of the latest span; null if the trace is not analysed yet or no span has ended.</summary>
    public ulong? EndUnixNano { get; init; }

    /// <summary>Why the last analysis failed; null if it succeeded.</summary>
    public string? AnalysisError { get; init; }
}

/// <summary>How much is in the database.</summary>
/// <param name="Traces">Number of traces.</param>
/// <param name="Spans">Number of distinct spans of analysed traces.</param>
/// <param name="PendingSpans">Number of spans waiting for analysis, duplicates included.</param>
/// <param name="Operations">Number of operations, background ones included.</param>
/// <param name="Queries">Number of queries, background ones included.</param>
/// <param name="RawBytes">Size of the analysed spans as OTLP protobuf, in bytes.</param>
/// <param name="FileBytes">Size of the database file and its write-ahead log, in bytes.</param>
public sealed record StoreCounts(long Traces, long Spans, long PendingSpans, long Operations, long Queries, long RawBytes, long FileBytes);
