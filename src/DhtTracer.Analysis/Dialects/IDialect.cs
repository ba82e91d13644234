using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Reads the spans of one implementation. It ignores spans of others, so several dialects can share a trace.</summary>
internal interface IDialect
{
    /// <summary>Adds the queries, operations and loose parts that this dialect finds in a trace.</summary>
    /// <param name="trace">The merged spans of one trace.</param>
    /// <param name="drafts">Receives them in any order.</param>
    void Reconstruct(TraceSpans trace, TraceDraft drafts);
}
