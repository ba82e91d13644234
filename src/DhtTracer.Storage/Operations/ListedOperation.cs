using System.Collections.Immutable;
using DhtTracer.Analysis;

namespace DhtTracer.Storage;

/// <summary>An operation as the archive lists it.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Queries">Its queries by start, those included that had nobody to ask.</param>
public sealed record ListedOperation(Operation Operation, ImmutableArray<QuerySummary> Queries)
{
    /// <summary>The query that gave the answer, or that ended last; null when there is none.</summary>
    public QuerySummary? Decisive => Queries.FirstOrDefault(query => query.Id == Operation.Decisive);

    /// <summary>None of its queries had anybody to ask: it counts in no statistic.</summary>
    public bool Skipped => Operation.Queries.All(static query => query.Skipped);
}

/// <summary>A page of operations.</summary>
/// <param name="Rows">The rows in the order asked for.</param>
/// <param name="Next">Cursor of the page after it; null when there is none.</param>
/// <param name="Previous">Cursor of the page before it; null when there is none.</param>
public sealed record OperationPage(IReadOnlyList<ListedOperation> Rows, string? Next, string? Previous);

/// <summary>An operation with all that its spans tell, and what other traces add to it.</summary>
/// <param name="Operation">The operation, its parts joined.</param>
/// <param name="Queries">Its queries with their peers, by start.</param>
/// <param name="Others">Other operations of the same command, by start.</param>
public sealed record OperationDetails(Operation Operation, ImmutableArray<Query> Queries, ImmutableArray<Operation> Others)
{
    /// <summary>The operation of an id in what was found in its trace; null when it is not there.</summary>
    public static OperationDetails? Of(ReconstructedTrace found, QueryId id) =>
        found.Operations.FirstOrDefault(operation => operation.Id == id) is { } operation
            ? new OperationDetails(
                operation,
                [.. found.Queries.Where(query => query.OperationId == id)],
                operation.Command is { } command ? [.. found.Operations.Where(other => other.Command == command && other.Id != id)] : []
            )
            : null;
}
