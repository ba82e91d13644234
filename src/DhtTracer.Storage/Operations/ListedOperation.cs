using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage.Operations;

/// <summary>An operation as the archive lists it.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Queries">Its queries by start, including those without peers to ask.</param>
public sealed record ListedOperation(Operation Operation, ImmutableArray<QuerySummary> Queries)
{
    /// <summary>The query that gave the answer, or else the one that ended last; null if there is none.</summary>
    public QuerySummary? Decisive => Queries.FirstOrDefault(query => query.Id == Operation.Decisive);

    /// <summary>Whether none of its queries had peers to ask. Such an operation counts in no statistic.</summary>
    public bool Skipped => Operation.Queries.All(static query => query.Skipped);
}

/// <param name="Rows">The rows, in the requested order.</param>
/// <param name="Next">Cursor of the next page; null if there is none.</param>
/// <param name="Previous">Cursor of the previous page; null if there is none.</param>
public sealed record OperationPage(IReadOnlyList<ListedOperation> Rows, string? Next, string? Previous);

/// <summary>An operation with everything that its spans contain, and parts from other traces.</summary>
/// <param name="Operation">The operation, with its parts joined.</param>
/// <param name="Queries">Its queries with their peers, by start.</param>
/// <param name="Others">Other operations of the same command, by start.</param>
public sealed record OperationDetails(Operation Operation, ImmutableArray<Query> Queries, ImmutableArray<Operation> Others)
{
    /// <summary>Finds an operation by id in a reconstructed trace; null if it is not there.</summary>
    public static OperationDetails? Of(ReconstructedTrace found, QueryId id) =>
        found.Operations.FirstOrDefault(operation => operation.Id == id) is { } operation
            ? new OperationDetails(
                operation,
                [.. found.Queries.Where(query => query.OperationId == id)],
                operation.Command is { } command ? [.. found.Operations.Where(other => other.Command == command && other.Id != id)] : []
            )
            : null;
}
