using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Queries;

/// <summary>Runs the operations of a node as queries: seeds, lookup, follow-up work, and outcome.</summary>
internal sealed class QueryExecutor(QueryEnvironment environment)
{
    /// <summary>Runs a goal on a lookup that starts from the closest peers of the routing table.</summary>
    /// <param name="type">The operation.</param>
    /// <param name="key">The bytes that are hashed.</param>
    /// <param name="keyText">The key as text.</param>
    /// <param name="request">The request sent to every peer.</param>
    /// <param name="goal">The goal of the query.</param>
    /// <param name="options">Options of this query.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    public Task<QueryResult> LookUpAsync(
        QueryType type,
        byte[] key,
        string keyText,
        KadMessage request,
        QueryGoal goal,
        QueryOptions options,
        CancellationToken cancellationToken
    )
    {
        var seeds = environment.RoutingTable.Closest(KadId.Of(key), environment.Options.Lookup.K);
        return RunAsync(type, key, keyText, seeds, goal, options, async run => await run.LookUpAsync(request, goal), cancellationToken);
    }

    /// <summary>Sends one message to each of the given peers, alpha at a time, without a lookup.</summary>
    public Task<QueryResult> SendAsync(
        QueryType type,
        byte[] key,
        string keyText,
        IReadOnlyList<KadPeer> peers,
        KadMessage request,
        QueryGoal goal,
        QueryOptions options,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            type,
            key,
            keyText,
            peers,
            goal,
            options,
            async run =>
            {
                // A copy, because answers add peers to the run.
                await run.SendAsync([.. run.Peers.InOrderHeard], request, goal);
                return null;
            },
            cancellationToken
        );

    private async Task<QueryResult> RunAsync(
        QueryType type,
        byte[] key,
        string keyText,
        IReadOnlyList<KadPeer> seeds,
        QueryGoal goal,
        QueryOptions options,
        Func<QueryRun, Task<QueryTermination?>> body,
        CancellationToken cancellationToken
    )
    {
        var clock = new QueryClock(environment.Time);
        var description = new QueryDescription
        {
            Type = type,
            Background = options.Background,
            Key = key,
            KeyText = options.KeyText ?? keyText,
            Target = KadId.Of(key),
            Node = environment.Network.LocalPeer,
            Protocol = environment.Options.Protocol,
            Parameters = environment.Options.Lookup,
            RoutingTableSize = environment.RoutingTable.Count,
            Start = clock.Start,
        };
        var observer = QueryObservers.Combine(environment.Options.Traced ? ActivityObserver.CreateIfListened() : null, options.Observers);
        using var run = new QueryRun(
            environment,
            description,
            clock,
            observer,
            options.Timeout ?? environment.Options.QueryTimeout,
            cancellationToken
        );
        observer?.QueryStarted(description);
        QueryTermination? termination = null;
        if (goal.Begin(run))
        {
            termination = QueryTermination.Stopped;
            observer?.LookupTerminated(clock.Now(), QueryTermination.Stopped);
        }
        else if (seeds.Count > 0)
        {
            run.AddSeeds(seeds);
            termination = await body(run);
            if (!run.IsCancelled)
            {
                await goal.AfterLookupAsync(run);
            }

            run.NoteCancellation();
            await run.WithdrawAsync();
        }

        var conclusion = goal.Conclude(run);
        var (outcome, error) = Judge(run, conclusion, termination, seeds.Count);
        var end = clock.Now();
        observer?.QueryEnded(
            new QueryEnd
            {
                Time = end,
                Outcome = outcome,
                Termination = termination,
                DiscoveredAt = conclusion.Results == 0 ? null : conclusion.DiscoveredAt,
                Results = conclusion.Results,
                HasLocalResult = conclusion.HasLocalResult,
                Error = error,
            }
        );
        return new QueryResult
        {
            Type = type,
            Outcome = outcome,
            Error = error,
            Termination = termination,
            Duration = end - clock.Start,
            Peers = conclusion.Peers,
            Value = conclusion.Value,
            Results = conclusion.Results,
            Span = description.Span,
        };
    }

    private static (QueryOutcome Outcome, DhtError? Error) Judge(
        QueryRun run,
        Conclusion conclusion,
        QueryTermination? termination,
        int seeds
    )
    {
        // A query that reached its goal before it was cancelled has succeeded.
        if (run.WasCancelled && termination != QueryTermination.Stopped)
        {
            return run.DeadlinePassed
                ? (
                    QueryOutcome.TimedOut,
                    new DhtError(ErrorClass.RequestTimeout, $"the query ran out of time with {conclusion.Results} results")
                )
                : (QueryOutcome.Cancelled, new DhtError(ErrorClass.Cancelled, "the caller gave up"));
        }

        if (conclusion.Results > 0)
        {
            return (QueryOutcome.Success, null);
        }

        if (seeds == 0)
        {
            return (
                QueryOutcome.Failed,
                new DhtError(ErrorClass.NoPeers, "the routing table is empty: give bootstrap peers, or wait until they are connected")
            );
        }

        // "Nothing found because no peer could be asked" differs from "nothing exists".
        var answered = run.Peers.InOrderHeard.Any(peer => peer.State == PeerState.Answered);
        if (answered && !conclusion.NothingIsFailure)
        {
            return (QueryOutcome.NotFound, new DhtError(ErrorClass.NotFound, conclusion.NothingFound));
        }

        var failure = run
            .Failures.OrderByDescending(entry => entry.Value.Count)
            .Select(entry => new DhtError(entry.Key, $"{conclusion.NothingFound}; most often: {entry.Value.Text}"))
            .FirstOrDefault();
        return (QueryOutcome.Failed, failure ?? new DhtError(ErrorClass.Other, conclusion.NothingFound));
    }
}
