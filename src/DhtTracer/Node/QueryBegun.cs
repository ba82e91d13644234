using DhtTracer.Kademlia.Lookups;

namespace DhtTracer.Node;

/// <summary>Signals that a query has started, with its description.</summary>
internal sealed class QueryBegun : IQueryObserver
{
    private readonly TaskCompletionSource<QueryDescription> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the query when it has started.</summary>
    public Task<QueryDescription> Query => _begun.Task;

    /// <inheritdoc/>
    public void QueryStarted(QueryDescription query) => _begun.TrySetResult(query);
}
