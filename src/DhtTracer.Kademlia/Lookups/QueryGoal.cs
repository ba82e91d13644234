using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>The goal of a query: processes every answer, and gives the result at the end.</summary>
internal abstract class QueryGoal
{
    /// <summary>Whether peers may be sent another message after the lookup.</summary>
    public virtual bool SendsAgain => false;

    /// <summary>Processes what this node itself stores. Returns true if that suffices, so no peer is asked.</summary>
    public virtual bool Begin(QueryRun run) => false;

    /// <summary>Processes an answer; the answer is null after ADD_PROVIDER.</summary>
    public abstract GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer);

    /// <summary>Runs the work after the lookup. Not called if the query was cancelled or had no peers to ask.</summary>
    public virtual Task AfterLookupAsync(QueryRun run) => Task.CompletedTask;

    /// <summary>Returns the result.</summary>
    public abstract Conclusion Conclude(QueryRun run);
}

/// <summary>The effect of an answer on the goal.</summary>
/// <param name="Reached">Whether the query has reached its goal.</param>
/// <param name="RecordValid">Whether the answer's record is valid; null if it holds none.</param>
internal readonly record struct GoalProgress(bool Reached, bool? RecordValid = null);

/// <summary>The result of a query.</summary>
internal sealed record Conclusion
{
    /// <summary>Number of results.</summary>
    public required int Results { get; init; }

    /// <summary>Whether one of the results is from the node's own store.</summary>
    public bool HasLocalResult { get; init; }

    /// <summary>When the final answer was first known.</summary>
    public DateTimeOffset? DiscoveredAt { get; init; }

    /// <summary>The peers found, as the result of the query lists them.</summary>
    public IReadOnlyList<KadPeer> Peers { get; init; } = [];

    /// <summary>The best value.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>The message if there is no result.</summary>
    public string NothingFound { get; init; } = "nothing found";

    /// <summary>Whether a missing result is a failure of the operation rather than an answer.</summary>
    public bool NothingIsFailure { get; init; }
}
