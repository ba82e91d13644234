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
    private static readonly TimeSpan LogAgain = TimeSpan.FromHours(1);
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
    /// <param name="progress">Hears after every stored window and after every failure, or null. It is called from several threads.</param>
    /// <param name="cancellationToken">Stops; what is stored stays, and the next run goes on from there.</param>
    /// <returns>The final counts.</returns>
    /// <exception cref="PullException">The Jaeger refuses, or was away for longer than <see cref="PullOptions.GiveUpAfter"/>.</exception>
    /// <exception cref="DatabaseException">The store cannot be written.</exception>
    public async Task<PullProgress> RunAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        using var connection = new JaegerConnection(_options, _logger);
        using var gate = new SemaphoreSlim(_options.Parallelism);
        using var storing = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var meters = new Dictionary<string, PullMeter>(StringComparer.Ordinal);
        var running = new List<Task>();
        var began = _clock.GetTimestamp();
        string? noServices = null;
        var list = new PullMeter(_source, "", _clock, static () => { });
        PullProgress Sum()
        {
            lock (meters)
            {
                var total = Total([.. meters.Values.Select(meter => meter.Status)], _clock.GetElapsedTime(began));
                return total with { Problem = total.Problem ?? noServices };
            }
        }

        void Report() => progress?.Report(Sum());
        void ServicesUnknown(string? problem)
        {
            noServices = problem;
            if (problem is null)
            {
                _board.Remove(_source, "");
            }
            else
            {
                list.Failed(problem, final: false);
                _board.Add(_source, "", () => list.Status);
            }

            Report();
        }

        try
        {
            do
            {
                var checkpoints = await _store.ListCheckpointsAsync(stop.Token);
                foreach (var service in await ServicesAsync(connection, ServicesUnknown, stop.Token))
                {
                    PullMeter meter;
                    lock (meters)
                    {
                        if (meters.ContainsKey(service))
                        {
                            continue;
                        }

                        meters.Add(service, meter = new PullMeter(_source, service, _clock, Report));
                    }

                    _board.Add(_source, service, () => meter.Status);
                    var search = new WindowSearch(service, connection, _options, gate, meter, _clock);
                    var reader = new WindowReader(service, connection, search, meter);
                    var puller = new ServicePuller(_source, service, _options, _sink, _taken, storing, reader, meter, _clock);
                    var checkpoint = checkpoints.FirstOrDefault(item => item.Source == _source && item.Service == service);
                    running.Add(Task.Run(() => puller.RunAsync(checkpoint, stop.Token), CancellationToken.None));
                }

                await WaitAsync(running, stop.Token);
            } while (_options.Follow);

            return Sum();
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

    private static PullProgress Total(PullServiceStatus[] services, TimeSpan elapsed) =>
        new(
            services.Length,
            services.Sum(status => status.Windows),
            services.Sum(status => status.WindowsBisected),
            services.Sum(status => status.Traces),
            services.Sum(status => status.Spans),
            services.Sum(status => status.Duplicates),
            services.Sum(status => status.Retries),
            services.Length == 0 ? 0 : services.Average(status => status.Fraction),
            elapsed
        )
        {
            Problem = Array.Find(services, static status => status.Activity is PullActivity.BackingOff or PullActivity.Failed)?.LastError,
        };

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

    private async Task<IReadOnlyList<string>> ServicesAsync(
        JaegerConnection connection,
        Action<string?> unknown,
        CancellationToken cancellationToken
    )
    {
        if (_options.Services.Count > 0)
        {
            return _options.Services;
        }

        var backoff = new Backoff(_clock);
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
                    _logger.LogInformation("{Source} says again which services it has", _options.Source);
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

                if (backoff.Failing > _options.GiveUpAfter || (e.Problem == JaegerReadProblem.Refused && _options.GiveUpAfter is not null))
                {
                    throw new PullException($"{_options.Source} does not say which services it has: {e.Message}", e);
                }

                if (!failed || backoff.Failing - logged > LogAgain)
                {
                    _logger.LogWarning("{Source} does not say which services it has, trying again: {Problem}", _options.Source, e.Message);
                    logged = backoff.Failing;
                }

                failed = true;
                unknown(e.Message);
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }
}
