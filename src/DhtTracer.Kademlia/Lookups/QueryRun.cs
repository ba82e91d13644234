using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// One query while it runs. Everything that decides and everything that observers see happens in one loop, which waits for the
/// end of dials and requests; they alone run beside it. Time is that of the loop, so that the order of events is the order of times.
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

    /// <summary>Its caller gave up, or its time was over, while there was still something to do.</summary>
    public bool WasCancelled { get; private set; }

    /// <summary>It was the time.</summary>
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

    /// <summary>Adds the peers that the query begins with.</summary>
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
    /// Asks ever closer peers until the beta closest have answered, nobody is left, the goal is reached or the query is
    /// cancelled; then, unless the goal was reached, asks those of the K closest that have not been asked.
    /// </summary>
    public async Task<QueryTermination> LookUpAsync(KadMessage request, QueryGoal goal)
    {
        var termination = await ConvergeAsync(request, goal);
        _observer?.LookupTerminated(Now(), termination);
        if (termination == QueryTermination.Completed)
        {
            await FollowUpAsync(request, goal);
        }

        // With the goal reached, nobody waits for the rest: it would only delay what comes after the lookup.
        await WithdrawAsync();
        return termination;
    }

    /// <summary>Sends one message to each of some peers, alpha at a time, whatever the lookup learned about them.</summary>
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

    /// <summary>Fixes whether the query was cancelled: what happens to the tokens after its work is done does not count.</summary>
    public void NoteCancellation()
    {
        WasCancelled = IsCancelled;
        DeadlinePassed = WasCancelled && !CallerToken.IsCancellationRequested;
    }

    /// <summary>Takes back what is still under way and waits for its end.</summary>
    public async Task WithdrawAsync()
    {
        TakeBack(_exchanges.InFlight);
        while (_exchanges.InFlight.Count > 0)
        {
            await _exchanges.NextCompletionAsync();
        }
    }

    /// <summary>Tells of a result; it is known since its answer came.</summary>
    public void ReportResult(LookupPeer answeredBy, string result) => _observer?.ResultFound(answeredBy, answeredBy.DoneAt, result);

    /// <summary>Tells of a result out of the node's own store; it is known at this moment.</summary>
    /// <returns>The time told.</returns>
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
        // What is under way outside the K closest can no longer matter; inside, it is what the follow-up would ask for.
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
