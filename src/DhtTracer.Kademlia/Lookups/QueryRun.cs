using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>
/// One running query. All decisions and all notifications of observers happen in one loop, which waits for dials and requests to end; only
/// these run concurrently. Time is the loop's time, so the order of events equals the order of their times.
/// </summary>
internal sealed class QueryRun : IDisposable
{
    private readonly ExchangeRunner _exchanges;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _stop;
    private readonly QueryClock _clock;
    private readonly IQueryObserver? _observer;

    public QueryRun(
        QueryEnvironment environment,
        QueryDescription description,
        QueryClock clock,
        IQueryObserver? observer,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        _clock = clock;
        _observer = observer;
        Description = description;
        Peers = new LookupPeerSet(description.Target);
        _exchanges = new ExchangeRunner(this, environment, observer);
        _deadline = new CancellationTokenSource(timeout, environment.Time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token);
        CallerToken = cancellationToken;
    }

    public QueryDescription Description { get; }

    public LookupPeerSet Peers { get; }

    /// <summary>Failures so far, by class, with the last text.</summary>
    public IReadOnlyDictionary<string, (int Count, string Text)> Failures => _exchanges.Failures;

    /// <summary>Whether the caller cancelled, or time ran out, before the work was done.</summary>
    public bool WasCancelled { get; private set; }

    /// <summary>Whether the reason was the time limit.</summary>
    public bool DeadlinePassed { get; private set; }

    public bool IsCancelled => CallerToken.IsCancellationRequested || _deadline.IsCancellationRequested;

    private CancellationToken CallerToken { get; }

    private LookupParameters Parameters => Description.Parameters;

    public DateTimeOffset Now() => _clock.Now();

    public void Dispose()
    {
        _stop.Dispose();
        _deadline.Dispose();
    }

    /// <summary>Adds the peers that the query starts with.</summary>
    public void AddSeeds(IEnumerable<KadPeer> seeds)
    {
        var now = Now();
        foreach (var seed in seeds)
        {
            var added = Peers.Add(seed, null, now, out var isNew);
            if (isNew)
            {
                _observer?.PeerHeard(added);
            }
        }
    }

    /// <summary>
    /// Asks closer and closer peers until the beta closest have answered, no peer is left, the goal is reached or the query is cancelled.
    /// Then, unless the goal was reached, asks those of the K closest that have not been asked.
    /// </summary>
    public async Task<QueryTermination> LookUpAsync(KadMessage request, QueryGoal goal)
    {
        var termination = await ConvergeAsync(request, goal);
        _observer?.LookupTerminated(Now(), termination);
        if (termination == QueryTermination.Completed)
        {
            await FollowUpAsync(request, goal);
        }

        // The goal is reached, so do not wait for the rest: that would only delay the work after the lookup.
        await WithdrawAsync();
        return termination;
    }

    /// <summary>Sends one message to each of the given peers, alpha at a time, regardless of their state in the lookup.</summary>
    public async Task SendAsync(IReadOnlyList<LookupPeer> peers, KadMessage request, QueryGoal goal)
    {
        var next = 0;
        while (!IsCancelled)
        {
            while (next < peers.Count && _exchanges.InFlight.Count < Parameters.Alpha)
            {
                _exchanges.Begin(new Exchange(peers[next++], request, goal, followUp: false, _stop.Token));
            }

            if (_exchanges.InFlight.Count == 0)
            {
                return;
            }

            await _exchanges.NextCompletionAsync();
        }
    }

    /// <summary>Records whether the query was cancelled. Cancellation after its work is done does not count.</summary>
    public void NoteCancellation()
    {
        WasCancelled = IsCancelled;
        DeadlinePassed = WasCancelled && !CallerToken.IsCancellationRequested;
    }

    /// <summary>Cancels what is still under way and waits for it to end.</summary>
    public async Task WithdrawAsync()
    {
        TakeBack(_exchanges.InFlight);
        while (_exchanges.InFlight.Count > 0)
        {
            await _exchanges.NextCompletionAsync();
        }
    }

    /// <summary>Reports a result, first known when its answer came.</summary>
    public void ReportResult(LookupPeer answeredBy, string result) => _observer?.ResultFound(answeredBy, answeredBy.DoneAt, result);

    /// <summary>Reports a result from the node's own store, first known now.</summary>
    /// <returns>The reported time.</returns>
    public DateTimeOffset ReportLocalResult(string result)
    {
        var now = Now();
        _observer?.ResultFound(null, now, result);
        return now;
    }

    private async Task<QueryTermination> ConvergeAsync(KadMessage request, QueryGoal goal)
    {
        while (true)
        {
            if (IsCancelled)
            {
                return QueryTermination.Cancelled;
            }

            if (_exchanges.GoalReached)
            {
                return QueryTermination.Stopped;
            }

            if (_exchanges.InFlight.Count == 0 && Peers.ClosestHeard() is null)
            {
                return QueryTermination.Starvation;
            }

            if (Peers.HasConverged(Parameters.Beta))
            {
                return QueryTermination.Completed;
            }

            while (_exchanges.InFlight.Count < Parameters.Alpha && Peers.ClosestHeard() is { } peer)
            {
                _exchanges.Begin(new Exchange(peer, request, goal, followUp: false, _stop.Token));
            }

            await _exchanges.NextCompletionAsync();
        }
    }

    private async Task FollowUpAsync(KadMessage request, QueryGoal goal)
    {
        // Exchanges outside the K closest cannot matter any more. Those inside are the ones that the follow-up would make.
        var closest = Peers.ClosestReachable(Parameters.K).ToHashSet();
        TakeBack(_exchanges.InFlight.Where(exchange => !closest.Contains(exchange.Peer)));

        while (!IsCancelled && !_exchanges.GoalReached)
        {
            foreach (
                var peer in Peers.ClosestReachable(Parameters.K).Where(peer => peer.State is PeerState.Heard or PeerState.Queued).ToList()
            )
            {
                peer.State = PeerState.Queued;
                if (_exchanges.InFlight.Count < Parameters.Alpha)
                {
                    _exchanges.Begin(new Exchange(peer, request, goal, followUp: true, _stop.Token));
                }
            }

            if (_exchanges.InFlight.Count == 0)
            {
                return;
            }

            await _exchanges.NextCompletionAsync();
        }
    }

    private static void TakeBack(IEnumerable<Exchange> exchanges)
    {
        foreach (var exchange in exchanges.ToList())
        {
            exchange.Withdraw();
        }
    }
}
