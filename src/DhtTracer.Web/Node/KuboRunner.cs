using System.Collections.Concurrent;
using DhtTracer.Analysis.Model;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Node;

/// <summary>Which running Kubo the page Run may ask.</summary>
/// <param name="Client">The Kubo that the operator named. No request can name another.</param>
/// <param name="Sink">Takes the spans.</param>
/// <param name="IsOpen">The operator has bound the site to an address of others: then whoever reaches it may run commands, else this
/// machine only.</param>
public sealed record KuboConnection(KuboRpcClient Client, SpanSink Sink, bool IsOpen);

/// <summary>Runs commands at the operator's Kubo, each to its end, also when the page that began it is gone. Stops them when it is disposed
/// of.</summary>
/// <param name="connection">The Kubo; null when the operator named none.</param>
/// <param name="time">The clock that events are timed by.</param>
/// <param name="logger">Told of commands that failed after they began.</param>
internal sealed class KuboRunner(KuboConnection? connection, TimeProvider time, ILogger<KuboRunner> logger) : IAsyncDisposable
{
    /// <summary>Name in the statistics of ingest.</summary>
    public const string Receiver = "kubo";

    /// <summary>Commands that run at once.</summary>
    public const int MostRunning = 8;

    private static readonly TimeSpan LongestCommand = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan OverloadedPause = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, byte> _running = [];

    /// <summary>Where the Kubo is; null when the operator named none.</summary>
    public KuboAddress? Address => connection?.Client.Address;

    /// <summary>Whether a request may make the Kubo act.</summary>
    public bool IsAllowed(HttpContext context) =>
        connection is not null
        && (context.User.IsLoggedIn() ? context.User.MayOperate() : connection.IsOpen || NodeAddress.IsLocal(context));

    /// <summary>Asks the Kubo for its peer id and agent.</summary>
    /// <exception cref="KuboException">It does not answer.</exception>
    public Task<KuboIdentity> IdentityAsync(CancellationToken cancellation) => Connection().Client.IdentityAsync(cancellation);

    /// <summary>Starts a command, which keeps running after this returns.</summary>
    /// <returns>The permalink of its query.</returns>
    /// <exception cref="KuboException">The Kubo refuses it, or too many run already.</exception>
    public async Task<QueryId> BeginAsync(KuboCommand command, CancellationToken cancellation)
    {
        if (_running.Count >= MostRunning)
        {
            throw new KuboException(KuboProblem.BadRequest, $"{MostRunning} commands run at the Kubo already: wait for one to end.");
        }

        var (client, sink, _) = Connection();
        var query = new KuboQuery(client, command, await client.IdentityAsync(cancellation), time);
        var run = RunAsync(query, sink);
        _running.TryAdd(run, 0);
        _ = run.ContinueWith(
            ended => _running.TryRemove(ended, out _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        await query.Accepted.WaitAsync(cancellation);
        return query.Id;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Keys);
        _stopping.Dispose();
        connection?.Client.Dispose();
    }

    private KuboConnection Connection() =>
        connection ?? throw new KuboException(KuboProblem.BadRequest, "No Kubo was named: start the site with --kubo URL.");

    /// <summary>Runs a query to its end. Its failures are in its spans, in <see cref="KuboQuery.Accepted"/>, or in the log; none is
    /// thrown.</summary>
    private async Task RunAsync(KuboQuery query, SpanSink sink)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(LongestCommand);
        try
        {
            await query.RunAsync(spans => StoreAsync(sink, spans), limit.Token);
        }
        catch (KuboException refused)
        {
            logger.LogInformation("The Kubo did not run a command: {Reason}", refused.Message);
        }
        catch (DatabaseException failure)
        {
            logger.LogError(failure, "Query {Query} at the Kubo was stopped: its events cannot be stored", query.Id);
        }
    }

    private static async Task StoreAsync(SpanSink sink, IReadOnlyList<Span> spans)
    {
        while (true)
        {
            try
            {
                await sink.AcceptAsync(spans, Receiver);
                return;
            }
            catch (StoreOverloadedException)
            {
                // Receivers of this process fill the queue; ours waits its turn.
                await Task.Delay(OverloadedPause);
            }
        }
    }
}
