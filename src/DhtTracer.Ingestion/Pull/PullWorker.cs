using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Ingestion.Pull;

/// <summary>Takes traces out of one Jaeger into the store, several services at once.</summary>
public sealed class PullWorker
{
    /// <summary>Spans remembered per Jaeger, so that the store need not be asked for them; about 40 bytes each.</summary>
    private const int RememberedSpans = 100_000;
    private static readonly TimeSpan LogAgain = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookForServices = TimeSpan.FromSeconds(30);

    private readonly PullOptions options;
    private readonly TraceStore store;
    private readonly SpanSink sink;
    private readonly PullStatusBoard board;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly string source;
    private readonly TakenSpans taken;

    /// <summary>Makes a worker.</summary>
    /// <param name="options">What to take.</param>
    /// <param name="store">Knows how far earlier pulls came.</param>
    /// <param name="sink">Where the spans go; it writes to <paramref name="store"/>.</param>
    /// <param name="board">Shows the state, or null.</param>
    /// <param name="clock">The clock of windows, pauses and back-off; null for the system's.</param>
    /// <param name="logger">Takes what an operator should know, or null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public PullWorker(
        PullOptions options, TraceStore store, SpanSink sink, PullStatusBoard? board = null, TimeProvider? clock = null, ILogger? logger = null)
    {
        options.Validate();
        this.options = options;
        this.store = store;
        this.sink = sink;
        this.board = board ?? new PullStatusBoard();
        this.clock = clock ?? TimeProvider.System;
        this.logger = logger ?? NullLogger.Instance;
        source = JaegerAddress.Parse(options.Source).Name;
        taken = new TakenSpans(store, RememberedSpans);
    }

    /// <summary>Runs until all is taken, or, when following, until cancelled.</summary>
    /// <param name="progress">Hears after every stored window and after every failure, or null. It is called from several threads.</param>
    /// <param name="cancellationToken">Stops; what is stored stays, and the next run goes on from there.</param>
    /// <returns>The final counts.</returns>
    /// <exception cref="PullException">The Jaeger refuses, or was away for longer than <see cref="PullOptions.GiveUpAfter"/>.</exception>
    /// <exception cref="DatabaseException">The store cannot be written.</exception>
    public async Task<PullProgress> RunAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        using var connection = new JaegerConnection(options, logger);
        using var gate = new SemaphoreSlim(options.Parallelism);
        using var storing = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var meters = new Dictionary<string, PullMeter>(StringComparer.Ordinal);
        var running = new List<Task>();
        var began = clock.GetTimestamp();
        string? noServices = null;
        var list = new PullMeter(source, "", clock, static () => { });
        PullProgress Sum()
        {
            lock (meters)
            {
                var total = Total([.. meters.Values.Select(meter => meter.Status)], clock.GetElapsedTime(began));
                return total with { Problem = total.Problem ?? noServices };
            }
        }

        void Report() => progress?.Report(Sum());
        void ServicesUnknown(string? problem)
        {
            noServices = problem;
            if (problem is null)
            {
                board.Remove(source, "");
            }
            else
            {
                list.Failed(problem, final: false);
                board.Add(source, "", () => list.Status);
            }

            Report();
        }

        try
        {
            do
            {
                var checkpoints = await store.ListCheckpointsAsync(stop.Token);
                foreach (var service in await ServicesAsync(connection, ServicesUnknown, stop.Token))
                {
                    PullMeter meter;
                    lock (meters)
                    {
                        if (meters.ContainsKey(service))
                        {
                            continue;
                        }

                        meters.Add(service, meter = new PullMeter(source, service, clock, Report));
                    }

                    board.Add(source, service, () => meter.Status);
                    var search = new WindowSearch(service, connection, options, gate, meter, clock);
                    var reader = new WindowReader(service, connection, search, meter);
                    var puller = new ServicePuller(source, service, options, sink, taken, storing, reader, meter, clock);
                    var checkpoint = checkpoints.FirstOrDefault(item => item.Source == source && item.Service == service);
                    running.Add(Task.Run(() => puller.RunAsync(checkpoint, stop.Token), CancellationToken.None));
                }

                await WaitAsync(running, stop.Token);
            }
            while (options.Follow);

            return Sum();
        }
        finally
        {
            // The first failure is what is thrown; the others are only waited for, so that nothing writes after this method has ended.
            board.Remove(source, "");
            await stop.CancelAsync();
            await Task.WhenAll(running).ContinueWith(static all => _ = all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private static PullProgress Total(PullServiceStatus[] services, TimeSpan elapsed) => new(
        services.Length,
        services.Sum(status => status.Windows),
        services.Sum(status => status.WindowsBisected),
        services.Sum(status => status.Traces),
        services.Sum(status => status.Spans),
        services.Sum(status => status.Duplicates),
        services.Sum(status => status.Retries),
        services.Length == 0 ? 0 : services.Average(status => status.Fraction),
        elapsed)
    {
        Problem = Array.Find(services, static status => status.Activity is PullActivity.BackingOff or PullActivity.Failed)?.LastError,
    };

    private async Task WaitAsync(List<Task> running, CancellationToken cancellationToken)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tick = options.Follow && options.Services.Count == 0
            ? Task.Delay(LookForServices, clock, round.Token)
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

        if (options.Follow)
        {
            await tick;
        }

        cancellationToken.ThrowIfCancellationRequested();
        await round.CancelAsync();
    }

    private async Task<IReadOnlyList<string>> ServicesAsync(JaegerConnection connection, Action<string?> unknown, CancellationToken cancellationToken)
    {
        if (options.Services.Count > 0)
        {
            return options.Services;
        }

        var backoff = new Backoff(clock);
        var failed = false;
        var logged = TimeSpan.Zero;
        while (true)
        {
            IJaegerReader? reader = null;
            try
            {
                reader = await connection.GetAsync(cancellationToken);
                var services = await reader.GetServicesAsync(cancellationToken);
                connection.Succeeded();
                if (failed)
                {
                    logger.LogInformation("{Source} says again which services it has", options.Source);
                    unknown(null);
                }

                return [.. services.Where(service => service.Length > 0 && !PullOptions.JaegerItself.Contains(service))];
            }
            catch (JaegerReadException e)
            {
                if (reader is not null)
                {
                    connection.Failed(reader);
                }

                if (backoff.Failing > options.GiveUpAfter || (e.Problem == JaegerReadProblem.Refused && options.GiveUpAfter is not null))
                {
                    throw new PullException($"{options.Source} does not say which services it has: {e.Message}", e);
                }

                if (!failed || backoff.Failing - logged > LogAgain)
                {
                    logger.LogWarning("{Source} does not say which services it has, trying again: {Problem}", options.Source, e.Message);
                    logged = backoff.Failing;
                }

                failed = true;
                unknown(e.Message);
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }
}
