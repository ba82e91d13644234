using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Analysed;

/// <summary>A query, and what follows from it, made when first asked for. Safe to use from many threads.</summary>
internal sealed class AnalysedQuery(Query query)
{
    private readonly Lazy<Explanation> _explanation = new(() => Explanation.Of(query));
    private readonly Lazy<QueryLint> _lint = new(() => QueryLint.Of(query));

    public Query Query { get; } = query;

    /// <summary>Why it took as long as it did.</summary>
    public Explanation Explanation => _explanation.Value;

    /// <summary>What the rules of lookups say of it.</summary>
    public QueryLint Lint => _lint.Value;
}
