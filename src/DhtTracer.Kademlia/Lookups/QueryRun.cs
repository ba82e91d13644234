using System.Threading.Channels;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// One query while it runs. Everything that decides and everything that observers see happens in one loop, which waits for the
/// end of dials and requests; they alone run beside it. Time is that of the loop, so that the order of events is the order of times.
/// </summary>
internal sealed class QueryRun : IDisposable
{
    private readonly Channel<Action> _completions = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<Exchange> _inFlight = [];
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _stop;
    private readonly QueryEnvironment _environment;
    private readonly QueryClock _clock;
    private readonly IQueryObserver? _observer;
    private bool _goalReached;

    public QueryRun(QueryEnvironment environment, QueryDescription description, QueryClock clock, IQueryObserver? observer, TimeSpan timeout, CancellationToken cancellationToken)
    {
        _environment = environment;
        _clock = clock;
        _observer = observer;
        Description = description;
        Peers = new LookupPeerSet(description.Target);
        _deadline = new CancellationTokenSource(timeout, environment.Time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token);
        CallerToken = cancellationToken;
    }

    public QueryDescription Description { get; }

    public LookupPeerSet Peers { get; }

    /// <summary>Peers dialed or asked so far.</summary>
    public int Asked { get; private set; }

    /// <summary>Failures so far, by class, with the last text.</summary>
    public Dictionary<string, (int Count, string Text)> Failures { get; } = [];

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
            if (Peers.TryAdd(seed, null, now) is { } added)
            {
                _observer?.PeerHeard(added);
            }
        }
    }

    /// <summary>
    /// Asks ever closer peers until the beta closest have answered, nobody is left, the goal is reached or the query is
    /// cancelled; then, unless the goal was reached, asks those of the K closest that have not been asked.
    /// </summary>
    public async Task<LookupTermination> LookUpAsync(KadMessage request, QueryGoal goal)
    {
        var termination = await ConvergeAsync(request, goal);
        _observer?.LookupTerminated(Now(), termination);
        if (termination == LookupTermination.Completed)
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
            while (next < peers.Count && _inFlight.Count < Parameters.Alpha)
            {
                Begin(new Exchange(peers[next++], request, goal, followUp: false, _stop.Token));
            }

            if (_inFlight.Count == 0)
            {
                return;
            }

            await NextCompletionAsync();
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
        TakeBack(_inFlight);
        while (_inFlight.Count > 0)
        {
            await NextCompletionAsync();
        }
    }

    public void ReportResult(LookupPeer answeredBy, string result) => _observer?.ResultFound(answeredBy, Now(), result);

    private async Task<LookupTermination> ConvergeAsync(KadMessage request, QueryGoal goal)
    {
        while (true)
        {
            if (IsCancelled)
            {
                return LookupTermination.Cancelled;
            }

            if (_goalReached)
            {
                return LookupTermination.Stopped;
            }

            if (_inFlight.Count == 0 && Peers.ClosestHeard() is null)
            {
                return LookupTermination.Starvation;
            }

            if (Peers.HasConverged(Parameters.Beta))
            {
                return LookupTermination.Completed;
            }

            while (_inFlight.Count < Parameters.Alpha && Peers.ClosestHeard() is { } peer)
            {
                Begin(new Exchange(peer, request, goal, followUp: false, _stop.Token));
            }

            await NextCompletionAsync();
        }
    }

    private async Task FollowUpAsync(KadMessage request, QueryGoal goal)
    {
        // What is under way outside the K closest can no longer matter; inside, it is what the follow-up would ask for.
        var closest = Peers.ClosestReachable(Parameters.K).ToHashSet();
        TakeBack(_inFlight.Where(exchange => !closest.Contains(exchange.Peer)));

        while (!IsCancelled && !_goalReached)
        {
            foreach (var peer in Peers.ClosestReachable(Parameters.K).Where(peer => peer.State is LookupPeerState.Heard or LookupPeerState.Queued).ToList())
            {
                peer.State = LookupPeerState.Queued;
                if (_inFlight.Count < Parameters.Alpha)
                {
                    Begin(new Exchange(peer, request, goal, followUp: true, _stop.Token));
                }
            }

            if (_inFlight.Count == 0)
            {
                return;
            }

            await NextCompletionAsync();
        }
    }

    private static void TakeBack(IEnumerable<Exchange> exchanges)
    {
        foreach (var exchange in exchanges.ToList())
        {
            exchange.Withdraw();
        }
    }

    private async Task NextCompletionAsync() => (await _completions.Reader.ReadAsync(CancellationToken.None))();

    private void Begin(Exchange exchange)
    {
        var peer = exchange.Peer;
        var now = Now();
        _inFlight.Add(exchange);
        peer.Order ??= ++Asked;
        if (_environment.Network.FindConnection(peer.Id) is { } open)
        {
            // Told once: a second message over the connection that the query already has is no new attempt to have one.
            if (!ReferenceEquals(peer.Connection, open))
            {
                peer.Connection = open;
                _observer?.DialStarted(peer, now);
                _observer?.DialEnded(peer, now, new DialResult { Connection = open, Reused = true, Address = open.Address });
            }

            BeginRequest(exchange, now);
            return;
        }

        exchange.SetState(LookupPeerState.Dialing);
        _observer?.DialStarted(peer, now);
        _ = CompleteDialAsync(exchange);
    }

    private async Task CompleteDialAsync(Exchange exchange)
    {
        var result = await exchange.RunAsync(
            _environment.Options.DialTimeout,
            _environment.Time,
            token => _environment.Network.DialAsync(exchange.Peer.Id, exchange.Peer.Addresses, token),
            (errorClass, text) => new DialResult { Error = new DhtError(errorClass, text) },
            DhtErrorClass.DialTimeout);
        _completions.Writer.TryWrite(() => OnDialed(exchange, result));
    }

    private void OnDialed(Exchange exchange, DialResult result)
    {
        var peer = exchange.Peer;
        var now = Now();
        peer.DoneAt = now;
        peer.Connection = result.Connection;
        _observer?.DialEnded(peer, now, result);
        if (result.Connection is null)
        {
            Fail(exchange, LookupPeerState.DialFailed, result.Error);
        }
        else if (exchange.IsWithdrawn)
        {
            exchange.SetState(LookupPeerState.Connected);
            Finish(exchange);
        }
        else
        {
            BeginRequest(exchange, now);
        }
    }

    private void BeginRequest(Exchange exchange, DateTimeOffset now)
    {
        var peer = exchange.Peer;
        var type = 1 << (int)exchange.Request.Type;
        var duplicate = (peer.SentTypes & type) != 0;
        peer.SentTypes |= type;
        peer.Duplicate |= duplicate;
        exchange.SetState(LookupPeerState.Requesting);
        _observer?.RequestStarted(peer, now, new RequestStart(exchange.Request.Type, exchange.FollowUp, duplicate));
        _ = CompleteRequestAsync(exchange, peer.Connection!);
    }

    private async Task CompleteRequestAsync(Exchange exchange, IDhtConnection connection)
    {
        var result = await exchange.RunAsync(
            _environment.Options.RequestTimeout,
            _environment.Time,
            token => connection.RequestAsync(exchange.Request, token),
            (errorClass, text) => new RequestResult(null, new DhtError(errorClass, text)),
            DhtErrorClass.RequestTimeout);
        _completions.Writer.TryWrite(() => OnAnswered(exchange, result));
    }

    private void OnAnswered(Exchange exchange, RequestResult result)
    {
        var peer = exchange.Peer;
        var now = Now();
        peer.DoneAt = now;
        peer.Agent = peer.Connection?.Agent;
        peer.Protocols = peer.Connection?.Protocols;
        var error = result.Error ?? CheckAnswer(exchange.Request, result.Answer);
        if (error is not null)
        {
            var outcome = error.Class == DhtErrorClass.Cancelled ? RequestOutcome.Cancelled : RequestOutcome.Failed;
            _observer?.RequestEnded(peer, now, new RequestEnd { Outcome = outcome, Error = error });
            Fail(exchange, LookupPeerState.RequestFailed, error);
            return;
        }

        exchange.SetState(LookupPeerState.Answered);
        _environment.PeerAnswered(peer);
        var heard = Hear(peer, result.Answer, now);
        var progress = exchange.Goal.Take(this, peer, exchange.Request.Type, result.Answer);
        _goalReached |= progress.Reached;
        _observer?.RequestEnded(peer, now, new RequestEnd
        {
            Outcome = RequestOutcome.Answered,
            Answer = result.Answer,
            NewPeers = heard,
            RecordValid = progress.RecordValid,
            GoalReached = progress.Reached,
        });
        Finish(exchange);
    }

    private static DhtError? CheckAnswer(KadMessage request, KadMessage? answer)
    {
        if (request.Type == KadMessageType.AddProvider)
        {
            return null;
        }

        return answer is null || answer.Type != request.Type
            ? new DhtError(DhtErrorClass.BadAnswer, $"{request.Type.ToText()} was answered with {answer?.Type.ToText() ?? "nothing"}")
            : null;
    }

    private List<LookupPeer> Hear(LookupPeer referrer, KadMessage? answer, DateTimeOffset now)
    {
        var heard = new List<LookupPeer>();
        foreach (var named in answer?.CloserPeers ?? [])
        {
            if (named.Id != Description.Node && Peers.TryAdd(named, referrer, now) is { } added)
            {
                heard.Add(added);
                _observer?.PeerHeard(added);
            }
        }

        return heard;
    }

    private void Fail(Exchange exchange, LookupPeerState state, DhtError? error)
    {
        error ??= new DhtError(DhtErrorClass.Other, "failed without a reason");
        if (error.Class == DhtErrorClass.Cancelled)
        {
            exchange.SetState(LookupPeerState.Cancelled);
        }
        else
        {
            Failures[error.Class] = (Failures.GetValueOrDefault(error.Class).Count + 1, error.Text);
            exchange.SetState(state);
            _environment.PeerFailed(exchange.Peer);
        }

        Finish(exchange);
    }

    private void Finish(Exchange exchange)
    {
        _inFlight.Remove(exchange);
        exchange.Dispose();
        if (!exchange.Goal.SendsAgain)
        {
            _observer?.PeerDone(exchange.Peer);
        }
    }
}
