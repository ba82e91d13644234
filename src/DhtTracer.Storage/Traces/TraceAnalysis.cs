using DhtTracer.Analysis;
using DhtTracer.Traces;

namespace DhtTracer.Storage;

/// <summary>The result of analysing a trace, to be saved in place of what was stored of it.</summary>
public sealed record TraceAnalysis
{
    /// <summary>What was analysed.</summary>
    public required TraceContent Content { get; init; }

    /// <summary>
    /// What to keep as the trace's spans: <see cref="TraceContent.Otlp"/> as it was when no span stood in it twice, else the merged spans.
    /// </summary>
    public required ReadOnlyMemory<byte> Otlp { get; init; }

    /// <summary>The merged spans; empty when they could not be read.</summary>
    public IReadOnlyList<Span> Spans { get; init; } = [];

    /// <summary>The operations, queries and loose parts found, parts of other traces joined.</summary>
    public ReconstructedTrace Found { get; init; } = ReconstructedTrace.Empty;

    /// <summary>Version of the analysis; an older one is analysed again after an upgrade. At least 1.</summary>
    public required int Version { get; init; }

    /// <summary>Why analysis failed; null when it did not.</summary>
    public string? Error { get; init; }
}
