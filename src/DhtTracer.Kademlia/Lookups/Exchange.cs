using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>A request of a query to one peer, with a dial first if needed, while it is under way.</summary>
internal sealed class Exchange : IDisposable
{
    private readonly CancellationTokenSource _withdrawal;
    private readonly bool _settlesState;

    public Exchange(LookupPeer peer, KadMessage request, QueryGoal goal, bool followUp, CancellationToken stop)
    {
        Peer = peer;
        Request = request;
        Goal = goal;
        FollowUp = followUp;
        _withdrawal = CancellationTokenSource.CreateLinkedTokenSource(stop);

        // A peer that has answered stays "answered", even if a later message to it fails.
        _settlesState = peer.State != PeerState.Answered;
    }

    public LookupPeer Peer { get; }

    public KadMessage Request { get; }

    public QueryGoal Goal { get; }

    public bool FollowUp { get; }

    /// <summary>Whether the query has cancelled this exchange. A step that only timed out is not cancelled.</summary>
    public bool IsWithdrawn => _withdrawal.IsCancellationRequested;

    public void Withdraw() => _withdrawal.Cancel();

    public void Dispose() => _withdrawal.Dispose();

    public void SetState(PeerState state)
    {
        if (_settlesState)
        {
            Peer.State = state;
        }
    }

    /// <summary>
    /// Runs a dial or a request within its timeout. Every failure becomes a result, because the query's loop waits for one.
    /// </summary>
    public async Task<T> RunAsync<T>(
        TimeSpan timeout,
        TimeProvider time,
        Func<CancellationToken, Task<T>> step,
        Func<string, string, T> failure,
        string timeoutClass
    )
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var registration = _withdrawal.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), limit);
        try
        {
            return await step(limit.Token);
        }
        catch (OperationCanceledException) when (IsWithdrawn)
        {
            return failure(ErrorClass.Cancelled, "taken back by the query");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return failure(timeoutClass, $"no end after {timeout.TotalSeconds:0.###} s");
        }
#pragma warning disable CA1031 // A network that breaks its contract must show as a failed row, not as a query that waits for ever.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return failure(ErrorClass.Other, $"{exception.GetType().Name}: {exception.Message}");
        }
    }
}
