using DhtTracer.Analysis.Dialects.RustLogs;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Dialects.Litep2p;

/// <summary>Logs of litep2p, as spans of <see cref="RustLogReader"/>: one trace for each query. See <c>docs/dialects/rust.md</c>.</summary>
internal sealed class Litep2pDialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        foreach (var spans in LogSpans.Find(trace, RustLogNames.Litep2pScope))
        {
            var query = new Litep2pQuery(spans).Build();
            drafts.Add(query);
            if (query.Background)
            {
                drafts.Add(OperationOfQueries.Make(query.Id, [query]) with { BackgroundKind = BackgroundKind.Reprovide });
            }
        }
    }
}
