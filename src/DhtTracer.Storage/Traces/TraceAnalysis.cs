using DhtTracer.Analysis;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Traces;

/// <summary>The result of analysing a trace. It replaces what was stored.</summary>
public sealed record TraceAnalysis
{
    /// <summary>The content that was analysed.</summary>
    public required TraceContent Content { get; init; }

    /// <summary>
    /// The bytes to keep as the trace's spans: <see cref="TraceContent.Otlp"/> unchanged if no span occurs twice, else the merged spans.
    /// </summary>
    public required ReadOnlyMemory<byte> Otlp { get; init; }

    /// <summary>The merged spans; empty if they could not be read.</summary>
    public IReadOnlyList<Span> Spans { get; init; } = [];

    /// <summary>The operations, queries and loose parts found, with parts of other traces joined.</summary>
    public ReconstructedTrace Found { get; init; } = ReconstructedTrace.Empty;

    /// <summary>Version of the analysis, at least 1. After an upgrade, traces with an older version are analysed again.</summary>
    public required int Version { get; init; }

    /// <summary>Why analysis failed; null if it succeeded.</summary>
    public string? Error { get; init; }
}
