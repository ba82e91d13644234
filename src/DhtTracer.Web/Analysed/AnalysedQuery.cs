using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Analysed;

/// <summary>A query and its explanation, which is made when first asked for. Safe to use from many threads.</summary>
internal sealed class AnalysedQuery(Query query)
{
    private readonly Lazy<Explanation> _explanation = new(() => Explanation.Of(query));

    public Query Query { get; } = query;

    /// <summary>Why it took as long as it did.</summary>
    public Explanation Explanation => _explanation.Value;
}
