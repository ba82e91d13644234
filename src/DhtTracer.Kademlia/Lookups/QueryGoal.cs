namespace DhtTracer.Kademlia;

/// <summary>What a query is for: looks at every answer, and says in the end what came of it.</summary>
internal abstract class QueryGoal
{
    /// <summary>Peers may be sent another message after the lookup.</summary>
    public virtual bool SendsAgain => false;

    /// <summary>Takes what this node itself stores. True when that is enough, so that nobody is asked.</summary>
    public virtual bool Begin(QueryRun run) => false;

    /// <summary>Takes an answer; null after ADD_PROVIDER.</summary>
    public abstract GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer);

    /// <summary>What is left to do after the lookup; not called when the query was cancelled or had nobody to ask.</summary>
    public virtual Task AfterLookupAsync(QueryRun run) => Task.CompletedTask;

    /// <summary>What came of it.</summary>
    public abstract Conclusion Conclude(QueryRun run);
}

/// <summary>What an answer meant to the goal.</summary>
/// <param name="Reached">The query has what it wanted.</param>
/// <param name="RecordValid">Whether the answer's record is valid; null when it holds none.</param>
internal readonly record struct GoalProgress(bool Reached, bool? RecordValid = null);

/// <summary>What came of a query.</summary>
internal sealed record Conclusion
{
    /// <summary>Number of results.</summary>
    public required int Results { get; init; }

    /// <summary>One of the results is from the node's own store.</summary>
    public bool HasLocalResult { get; init; }

    /// <summary>When the final answer was first known.</summary>
    public DateTimeOffset? DiscoveredAt { get; init; }

    /// <summary>The peers found, as <see cref="QueryResult.Peers"/> says.</summary>
    public IReadOnlyList<KadPeer> Peers { get; init; } = [];

    /// <summary>The best value.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>What to say when there is no result.</summary>
    public string NothingFound { get; init; } = "nothing found";

    /// <summary>Having no result is a failure of the operation, not an answer to it.</summary>
    public bool NothingIsFailure { get; init; }
}
