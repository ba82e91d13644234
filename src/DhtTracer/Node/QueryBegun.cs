using DhtTracer.Kademlia;

namespace DhtTracer.Node;

/// <summary>Tells when a query has begun, and which it is.</summary>
internal sealed class QueryBegun : IQueryObserver
{
    private readonly TaskCompletionSource<QueryDescription> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The query, once it has begun.</summary>
    public Task<QueryDescription> Query => _begun.Task;

    /// <inheritdoc/>
    public void QueryStarted(QueryDescription query) => _begun.TrySetResult(query);
}
