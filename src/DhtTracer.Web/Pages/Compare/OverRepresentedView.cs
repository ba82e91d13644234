using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Web.Search;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>A table of what is more frequent in the slow set than in the other.</summary>
/// <param name="Column">Head of the first column.</param>
/// <param name="Many">What is counted, in the plural.</param>
/// <param name="Sets">The comparison.</param>
/// <param name="Items">The rows.</param>
/// <param name="ListOf">The list of a set's queries that have an item.</param>
/// <param name="PageOf">The page of an item, which is then a peer; null when it has none and is an error class.</param>
internal sealed record OverRepresentedView(
    string Column,
    string Many,
    SetsView Sets,
    ImmutableArray<OverRepresented> Items,
    Func<ComparedSet, string, string> ListOf,
    Func<string, string>? PageOf
)
{
    /// <summary><c>A</c> or <c>B</c>.</summary>
    public string Slow => Sets.Slow;

    /// <summary>The other letter.</summary>
    public string Other => Sets.Other;

    /// <summary>The queries of the slow set that have an item.</summary>
    public string InSlow(string name) => ListOf(Sets.SlowSet, name);

    /// <summary>The queries of the other set that have an item.</summary>
    public string InOther(string name) => ListOf(Sets.OtherSet, name);
}
