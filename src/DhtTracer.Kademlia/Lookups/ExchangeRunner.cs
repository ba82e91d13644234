using System.Threading.Channels;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>
/// Runs the dials and requests of a query. They run concurrently with its loop. The query and its observers see their effects when the loop
/// processes their completion.
/// </summary>
internal sealed class ExchangeRunner(QueryRun run, QueryEnvironment environment, IQueryObserver? observer)
{
    private readonly Channel<Action> _completions = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<Exchange> _inFlight = [];
    private int _asked;

    /// <summary>The exchanges under way.</summary>
    public IReadOnlyCollection<Exchange> InFlight => _inFlight;

    /// <summary>Whether an answer reached the query's goal.</summary>
    public bool GoalReached { get; private set; }

    /// <summary>Failures so far, by class, with the last text.</summary>
    public Dictionary<string, (int Count, string Text)> Failures { get; } = [];

    /// <summary>Waits for a dial or request to end, and processes it. At least one must be under way.</summary>
    public async Task NextCompletionAsync() => (await _completions.Reader.ReadAsync(CancellationToken.None))();

    /// <summary>Starts the exchange: dials if needed, then sends the request.</summary>
    public void Begin(Exchange exchange)
    {
        var peer = exchange.Peer;
        var now = run.Now();
        _inFlight.Add(exchange);
        peer.Order ??= ++_asked;
        if (environment.Network.FindConnection(peer.Id) is { } open)
        {
            // Report the reuse only once: a second message on the query's own connection is not a new attempt to connect.
            var reused = ReferenceEquals(peer.Connection, open) ? null : open;
            peer.Connection = open;
            BeginRequest(exchange, now, reused);
            return;
        }

        exchange.SetState(PeerState.Dialing);
        _ = CompleteDialAsync(exchange);
        observer?.DialStarted(peer, now);
    }

    private async Task CompleteDialAsync(Exchange exchange)
    {
        var result = await exchange.RunAsync(
            environment.Options.DialTimeout,
            environment.Time,
            token => environment.Network.DialAsync(exchange.Peer.Id, exchange.Peer.Addresses, token),
            (errorClass, text) => new DialResult { Error = new DhtError(errorClass, text) },
            ErrorClass.DialTimeout
        );
        _completions.Writer.TryWrite(() => OnDialed(exchange, result));
    }

    private void OnDialed(Exchange exchange, DialResult result)
    {
        var peer = exchange.Peer;
        var now = run.Now();
        peer.DoneAt = now;
        peer.Connection = result.Connection;
        observer?.DialEnded(peer, now, result);
        if (result.Connection is null)
        {
            Fail(exchange, PeerState.DialFailed, result.Error);
        }
        else if (exchange.IsWithdrawn)
        {
            exchange.SetState(PeerState.Connected);
            Finish(exchange);
        }
        else
        {
            BeginRequest(exchange, now);
        }
    }

    /// <summary>Sends the request on the peer's connection.</summary>
    /// <param name="exchange">The peer and the request.</param>
    /// <param name="now">Time of the loop.</param>
    /// <param name="reused">The connection that was already open, if the query has not used it before.</param>
    private void BeginRequest(Exchange exchange, DateTimeOffset now, IDhtConnection? reused = null)
    {
        var peer = exchange.Peer;
        var type = 1 << (int)exchange.Request.Type;
        var duplicate = (peer.SentTypes & type) != 0;
        peer.SentTypes |= type;
        peer.Duplicate |= duplicate;
        exchange.SetState(PeerState.NoAnswer);

        // Observers are notified while the request is on its way.
        _ = CompleteRequestAsync(exchange, peer.Connection!);
        if (reused is not null)
        {
            observer?.DialStarted(peer, now);
            observer?.DialEnded(
                peer,
                now,
                new DialResult
                {
                    Connection = reused,
                    Reused = true,
                    Address = reused.Address,
                }
            );
        }

        observer?.RequestStarted(peer, now, new RequestStart(exchange.Request.Type, exchange.FollowUp, duplicate));
    }

    private async Task CompleteRequestAsync(Exchange exchange, IDhtConnection connection)
    {
        var result = await exchange.RunAsync(
            environment.Options.RequestTimeout,
            environment.Time,
            token => connection.RequestAsync(exchange.Request, token),
            (errorClass, text) => new RequestResult(null, new DhtError(errorClass, text)),
            ErrorClass.RequestTimeout
        );
        _completions.Writer.TryWrite(() => OnAnswered(exchange, result));
    }

    private void OnAnswered(Exchange exchange, RequestResult result)
    {
        var peer = exchange.Peer;
        var now = run.Now();
        peer.DoneAt = now;
        peer.Agent = peer.Connection?.Agent;
        peer.Protocols = peer.Connection?.Protocols;
        var error = result.Error ?? CheckAnswer(exchange.Request, result.Answer);
        if (error is not null)
        {
            var outcome = error.Class == ErrorClass.Cancelled ? RequestOutcome.Cancelled : RequestOutcome.Failed;
            observer?.RequestEnded(peer, now, new RequestEnd { Outcome = outcome, Error = error });
            Fail(exchange, PeerState.RequestFailed, error);
            return;
        }

        exchange.SetState(PeerState.Answered);
        environment.PeerAnswered(peer);
        var named = new LookupPeer?[result.Answer?.CloserPeers.Count ?? 0];
        var heard = Hear(peer, result.Answer, now, named);
        var progress = exchange.Goal.Take(run, peer, exchange.Request.Type, result.Answer);
        GoalReached |= progress.Reached;
        observer?.RequestEnded(
            peer,
            now,
            new RequestEnd
            {
                Outcome = RequestOutcome.Answered,
                Answer = result.Answer,
                Named = named,
                NewPeers = heard,
                RecordValid = progress.RecordValid,
                GoalReached = progress.Reached,
            }
        );
        Finish(exchange);
    }

    private static DhtError? CheckAnswer(KadMessage request, KadMessage? answer)
    {
        if (request.Type == MessageType.AddProvider)
        {
            return null;
        }

        return answer is null || answer.Type != request.Type
            ? new DhtError(
                ErrorClass.BadAnswer,
                $"{Words.Of(request.Type)} was answered with {(answer is null ? "nothing" : Words.Of(answer.Type))}"
            )
            : null;
    }

    private List<LookupPeer> Hear(LookupPeer referrer, KadMessage? answer, DateTimeOffset now, LookupPeer?[] named)
    {
        var heard = new List<LookupPeer>();
        for (var i = 0; i < named.Length; i++)
        {
            var peer = answer!.CloserPeers[i];
            if (peer.Id == run.Description.Node)
            {
                continue;
            }

            var added = named[i] = run.Peers.Add(peer, referrer, now, out var isNew);
            if (isNew)
            {
                heard.Add(added);
                observer?.PeerHeard(added);
            }
        }

        return heard;
    }

    private void Fail(Exchange exchange, PeerState state, DhtError? error)
    {
        error ??= new DhtError(ErrorClass.Other, "failed without a reason");
        if (error.Class == ErrorClass.Cancelled)
        {
            exchange.SetState(PeerState.Cancelled);
        }
        else
        {
            Failures[error.Class] = (Failures.GetValueOrDefault(error.Class).Count + 1, error.Text);
            exchange.SetState(state);
            environment.PeerFailed(exchange.Peer, state == PeerState.DialFailed ? null : exchange.Request.Type, error.Class);
        }

        Finish(exchange);
    }

    private void Finish(Exchange exchange)
    {
        _inFlight.Remove(exchange);
        exchange.Dispose();
        if (!exchange.Goal.SendsAgain)
        {
            observer?.PeerDone(exchange.Peer);
        }
    }
}
