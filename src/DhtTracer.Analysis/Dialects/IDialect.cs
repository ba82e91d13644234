namespace DhtTracer.Analysis;

/// <summary>Knows the spans of one implementation. Spans of others are passed over, so several dialects may share a trace.</summary>
internal interface IDialect
{
    /// <summary>Adds the queries, operations and loose parts that this dialect sees in a trace.</summary>
    /// <param name="trace">The merged spans of one trace.</param>
    /// <param name="drafts">Receives them, in any order.</param>
    void Reconstruct(TraceSpans trace, TraceDraft drafts);
}
