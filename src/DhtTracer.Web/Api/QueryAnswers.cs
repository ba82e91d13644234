using System.Collections.Immutable;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Api;

// The shape of what QueryJson writes, for the OpenAPI document. Answers are written by QueryJson, the one contract of command line, API and
// exports; a test holds them against these schemas.

/// <summary>A query without its peers.</summary>
internal record QueryRowAnswer : QuerySummary
{
    /// <summary>Trace id, 32 hex digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>Span id of the query's root, 16 hex digits.</summary>
    public required string SpanId { get; init; }
}

/// <summary>A query with every peer that it heard of.</summary>
internal sealed record QueryAnswer : QueryRowAnswer
{
    /// <summary>Every peer seen, in the order heard.</summary>
    public required ImmutableArray<QueryPeer> Peers { get; init; }

    /// <summary>When the lookup stopped choosing peers to ask, in nanoseconds after the start.</summary>
    public required long? TerminatedNs { get; init; }

    /// <summary>What the duration was spent on, by the critical path.</summary>
    public required PhaseTimes? Phases { get; init; }

    /// <summary>What the rules of lookups say of it; each has a page at <c>/rules/{rule}</c>.</summary>
    public required QueryLint Lint { get; init; }
}

/// <summary>A page of queries.</summary>
/// <param name="Queries">In the order asked for.</param>
/// <param name="Next">Give it as <c>at</c> for the page after; null when there is none.</param>
/// <param name="Previous">Give it as <c>at</c> for the page before; null when there is none.</param>
internal sealed record QueriesAnswer(ImmutableArray<QueryRowAnswer> Queries, string? Next, string? Previous);

/// <summary>A page of operations.</summary>
/// <param name="Operations">In the order asked for.</param>
/// <param name="Next">Give it as <c>at</c> for the page after; null when there is none.</param>
/// <param name="Previous">Give it as <c>at</c> for the page before; null when there is none.</param>
internal sealed record OperationsAnswer(ImmutableArray<Operation> Operations, string? Next, string? Previous);
