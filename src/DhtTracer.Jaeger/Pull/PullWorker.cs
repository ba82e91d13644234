using System.Runtime.CompilerServices;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Takes traces out of one Jaeger into the store, several services at once.</summary>
public sealed class PullWorker
{
    /// <summary>Spans remembered per Jaeger, so that the store need not be asked for them; about 40 bytes each.</summary>
    private const int RememberedSpans = 100_000;
    private static readonly TimeSpan LookForServices = TimeSpan.FromSeconds(30);

    private readonly PullOptions _options;
    private readonly TraceStore _store;
    private readonly SpanSink _sink;
    private readonly PullStatusBoard _board;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly string _source;
    private readonly TakenSpans _taken;

    /// <summary>Makes a worker.</summary>
    /// <param name="options">What to take.</param>
    /// <param name="store">Knows how far earlier pulls came.</param>
    /// <param name="sink">Where the spans go; it writes to <paramref name="store"/>.</param>
    /// <param name="board">Shows the state, or null.</param>
    /// <param name="clock">The clock of windows, pauses and back-off; null for the system's.</param>
    /// <param name="logger">Takes what an operator should know, or null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public PullWorker(
        PullOptions options,
        TraceStore store,
        SpanSink sink,
        PullStatusBoard? board = null,
        TimeProvider? clock = null,
        ILogger? logger = null
    )
    {
        options.Validate();
        _options = options;
        _store = store;
        _sink = sink;
        _board = board ?? new PullStatusBoard();
        _clock = clock ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _source = JaegerAddress.Parse(options.Source).Name;
        _taken = new TakenSpans(store, RememberedSpans);
    }

    /// <summary>Runs until all is taken, or, when following, until cancelled.</summary>
    /// <param name="progress">Hears after every stored part and after every failure, or null. It is called from several threads.</param>
    /// <param name="cancellationToken">Stops; what is stored stays, and the next run goes on from there.</param>
    /// <returns>The final counts.</returns>
    /// <exception cref="PullException">The Jaeger refuses, or was away for longer than <see cref="PullOptions.GiveUpAfter"/>.</exception>
    /// <exception cref="DatabaseException">The store cannot be written.</exception>
    public async Task<PullProgress> RunAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        using var session = new PullSession
        {
            Options = _options,
            Source = _source,
            Connection = new JaegerConnection(_options, _logger),
            Searching = new SemaphoreSlim(_options.Parallelism),
            Taken = _taken,
            Sink = _sink,
            Clock = _clock,
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var meters = new PullMeters(_source, _board, progress, _clock);
        var checkpoints = await _store.ListCheckpointsAsync(cancellationToken);
        var running = new List<Task>();
        try
        {
            await foreach (var service in ServicesAsync(session.Connection, meters.List, running, stop.Token))
            {
                var meter = meters.Add(service);
                var retry = new PullRetry(_options, service, meter, _clock, _logger);
                var checkpoint = checkpoints.FirstOrDefault(item => item.Source == _source && item.Service == service);
                var pull = new ServicePull(
                    new PullPlan(_options, checkpoint, meter, _clock),
                    new WindowReader(
                        new WindowSearch(service, session, retry, meter),
                        new SummaryReader(service, session, meter),
                        _taken,
                        meter
                    ),
                    new PullInbox(service, checkpoint, session, retry, meter),
                    meter
                );
                running.Add(Task.Run(() => pull.RunAsync(stop.Token), CancellationToken.None));
            }

            return meters.Total();
        }
        finally
        {
            // The first failure is what is thrown; the others are only waited for, so that nothing writes after this method has ended.
            _board.Remove(_source, "");
            await stop.CancelAsync();
            await Task.WhenAll(running)
                .ContinueWith(
                    static all => _ = all.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default
                );
        }
    }

    /// <summary>
    /// Each service once, new ones as they appear while following. Ends when all that were given are pulled; throws when one fails.
    /// </summary>
    private async IAsyncEnumerable<string> ServicesAsync(
        JaegerConnection connection,
        PullMeter list,
        List<Task> running,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var retry = new PullRetry(_options, "its list of services", list, _clock, _logger);
        var known = new HashSet<string>(StringComparer.Ordinal);
        do
        {
            foreach (var service in await ListAsync(connection, list, retry, cancellationToken))
            {
                if (known.Add(service))
                {
                    yield return service;
                }
            }

            await WaitAsync(running, cancellationToken);
        } while (_options.Follow);
    }

    private async Task<IReadOnlyList<string>> ListAsync(
        JaegerConnection connection,
        PullMeter list,
        PullRetry retry,
        CancellationToken cancellationToken
    )
    {
        if (_options.Services.Count > 0)
        {
            return _options.Services;
        }

        var services = await retry.RunAsync(
            async token =>
            {
                var reader = await connection.GetAsync(token);
                try
                {
                    return await reader.GetServicesAsync(token);
                }
                catch (JaegerReadException)
                {
                    connection.Failed(reader);
                    throw;
                }
            },
            null,
            cancellationToken
        );
        connection.Succeeded();
        retry.Succeeded();
        list.Succeeded();
        return [.. services.Where(service => service.Length > 0 && !PullOptions.JaegerItself.Contains(service))];
    }

    /// <summary>Waits until the services are pulled, or until it is time to look for new ones; throws when one fails.</summary>
    private async Task WaitAsync(List<Task> running, CancellationToken cancellationToken)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tick =
            _options.Follow && _options.Services.Count == 0
                ? Task.Delay(LookForServices, _clock, round.Token)
                : Task.Delay(Timeout.Infinite, round.Token);
        var waiting = new List<Task>(running);
        while (waiting.Count > 0)
        {
            var ended = await Task.WhenAny([tick, .. waiting]);
            if (ended == tick)
            {
                break;
            }

            await ended;
            waiting.Remove(ended);
        }

        if (_options.Follow)
        {
            await tick;
        }

        cancellationToken.ThrowIfCancellationRequested();
        await round.CancelAsync();
    }
}
