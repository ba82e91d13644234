using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>
/// Analyses new and changed traces into operations and queries. Waiting spans stay in the inbox until their trace is saved, so a crash
/// loses nothing: <see cref="RunAsync"/> starts with those.
/// The file is longer than 300 lines because what the loops share, and how they end together, is read in one piece.
/// </summary>
/// <param name="store">The archive.</param>
/// <param name="reconstruct">Finds the operations and queries in the merged spans of one trace.</param>
/// <param name="options">When traces are analysed.</param>
/// <param name="clock">Measures waiting.</param>
/// <param name="logger">Receives failures.</param>
/// <param name="meter">Records durations; null for no metrics.</param>
public sealed partial class AnalysisWorker(
    TraceStore store,
    Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
    AnalysisOptions options,
    TimeProvider clock,
    ILogger<AnalysisWorker> logger,
    AnalysisMeter? meter = null
)
{
    private const int MaxListed = 100_000;
    private const int MaxReanalysed = 64;
    private static readonly TimeSpan LongestBehind = TimeSpan.FromSeconds(1);
    private readonly TraceAssembly _assembly = new(options, clock, meter?.Waited);
    private readonly AnalysisTrouble _trouble = new(clock);
    private readonly ConcurrentDictionary<TraceId, bool> _unreadable = [];
    private volatile Reanalysis? _reanalysis;
    private volatile Exception? _fault;
    private bool _mustSearch = true;
    private long _analysed;
    private long _failed;

    /// <summary>Number of traces waiting for analysis or being analysed.</summary>
    public int PendingCount => _assembly.Count;

    /// <summary>Number of analyses since the process started. A trace counts each time.</summary>
    public long AnalysedCount => Interlocked.Read(ref _analysed);

    /// <summary>Number of these that failed. The trace holds the error.</summary>
    public long FailedCount => Interlocked.Read(ref _failed);

    /// <summary>Database failures since the process started.</summary>
    public long DatabaseFailureCount => _trouble.Count;

    /// <summary>The database failure that traces wait for now; null if there is none. The worker keeps retrying.</summary>
    public AnalysisProblem? Problem => _trouble.Current;

    /// <summary>Progress of analysing again what an older version analysed; null if nothing is left to do.</summary>
    public Reanalysis? Reanalysis => _reanalysis;

    /// <summary>Analyses traces until cancelled. Run it only once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var arrivals = store.Arrivals.Listen();
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var tasks = new List<Task>
            {
                ListenAsync(arrivals, stop.Token),
                RepeatAsync(LookForOthersAsync, stop.Token, "stored"),
                Task.Run(() => RepeatAsync(LoadStoredAsync, stop.Token, "inbox"), stop.Token),
                Task.Run(() => RepeatAsync(ReanalyseAsync, stop.Token, "old"), stop.Token),
            };
            for (var i = 0; i < options.Parallelism; i++)
            {
                tasks.Add(Task.Run(() => RepeatAsync(AnalyseBatchAsync, stop.Token), stop.Token));
            }

            // Tasks end only by cancellation or an unexpected fault. After a fault, end all of them and pass it to the host.
            await Task.WhenAny(tasks);
            await stop.CancelAsync();
            await Task.WhenAll(tasks);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The caller cancelled.
        }
        catch (Exception error)
        {
            _fault = error;
            throw;
        }
        finally
        {
            store.Arrivals.Stop();
        }
    }

    /// <summary>Waits until everything stored before this call is analysed, without waiting for quiet. For importers and tests.</summary>
    /// <exception cref="DatabaseException">The database fails in a way that does not pass by itself, or for longer than
    /// <see cref="AnalysisOptions.DrainPatience"/>. The spans are stored, and a later run analyses them.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        _assembly.Hurry();
        try
        {
            var (finished, since) = (_trouble.Finished, clock.GetTimestamp());
            while (await WaitingAsync(cancellationToken))
            {
                if (_fault is { } fault)
                {
                    ExceptionDispatchInfo.Throw(fault);
                }

                if (finished != _trouble.Finished)
                {
                    (finished, since) = (_trouble.Finished, clock.GetTimestamp());
                }

                if (Problem is { Traces: > 0 } problem && (!problem.IsTransient || clock.GetElapsedTime(since) >= options.DrainPatience))
                {
                    throw NotAnalysed(problem);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellationToken);
            }
        }
        finally
        {
            _assembly.Settle();
        }
    }

    private static DatabaseException NotAnalysed(AnalysisProblem problem) =>
        new(
            (problem.Error as DatabaseException)?.Problem ?? DatabaseProblem.Other,
            $"The spans are stored, but the analysis of {problem.Traces} {(problem.Traces == 1 ? "trace" : "traces")} failed: "
                + $"{problem.Problem} "
                + "When the cause is mended, the next start of dht-tracer on this archive analyses them.",
            problem.Error
        );

    private async Task<bool> WaitingAsync(CancellationToken cancellationToken) =>
        _assembly.Count > 0
        || _assembly.IsBehind
        || (await store.ListPendingAsync(_unreadable.Count + 1, cancellationToken)).Any(trace => !_unreadable.ContainsKey(trace.TraceId));

    private async Task ListenAsync(System.Threading.Channels.ChannelReader<Arrival> arrivals, CancellationToken cancellationToken)
    {
        await foreach (var arrival in arrivals.ReadAllAsync(cancellationToken))
        {
            if (arrival.Received is { } row)
            {
                _assembly.Receive(row);
            }
            else
            {
                _assembly.Touch(arrival.Stale);
            }
        }
    }

    /// <summary>Repeats a step forever. If the database fails, logs that and retries after a pause, which doubles each time.</summary>
    /// <param name="step">The step.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="search">What the step searches for; null for a step that records itself which traces failed.</param>
    private async Task RepeatAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken, string? search = null)
    {
        var pause = options.RetryDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await step(cancellationToken);
                pause = options.RetryDelay;
                if (search is not null)
                {
                    _trouble.Succeeded(search);
                }
            }
            catch (Exception error) when (IsOfDatabase(error))
            {
                if (search is not null)
                {
                    _trouble.Failed(search, error);
                }

                LogDatabaseFailed(logger, error.Message, pause.TotalSeconds);
                await Task.Delay(pause, clock, cancellationToken);
                pause = pause * 2 < options.LongestRetryDelay ? pause * 2 : options.LongestRetryDelay;
            }
        }
    }

    private static bool IsOfDatabase(Exception error) => error is DatabaseException or StoreOverloadedException;

    private async Task LookForOthersAsync(CancellationToken cancellationToken)
    {
        _mustSearch |= await store.OthersWroteAsync(cancellationToken);
        if (_mustSearch)
        {
            await TouchStoredAsync(cancellationToken);
            _mustSearch = false;
        }

        await Task.Delay(options.PollInterval, clock, cancellationToken);
    }

    /// <summary>Finds what other processes left to do, and what this process left before it was started.</summary>
    private async Task TouchStoredAsync(CancellationToken cancellationToken)
    {
        var stored = await store.ListPendingAsync(MaxListed, cancellationToken);
        _assembly.Touch(stored.Where(static trace => trace.SpanCount == 0).Select(static trace => trace.TraceId));
        var foreign = new List<InboxRow>();
        foreach (var row in _assembly.Unknown(await store.ListInboxAsync(cancellationToken)))
        {
            // Another process may have finished it, and then this is the next one.
            foreign.AddRange((await store.ReadInboxAsync(row - 1, 1, cancellationToken)).Where(found => found.Row == row));
        }

        _assembly.AddForeign(await ReadableAsync(foreign, cancellationToken));
    }

    /// <summary>Reads messages that are not in memory: those of before the start, and those for which there was no room.</summary>
    private async Task LoadStoredAsync(CancellationToken cancellationToken)
    {
        var (upTo, newest) = await _assembly.WaitUntilBehindAsync(cancellationToken);
        var rows = await store.ReadInboxAsync(upTo, options.MaxAssemblyBytes / 8, cancellationToken);
        _assembly.AddStored(await ReadableAsync(rows, cancellationToken), newest);
    }

    /// <summary>Takes the traces of damaged messages out, and records the damage on them.</summary>
    private async Task<IReadOnlyList<InboxRow>> ReadableAsync(IReadOnlyList<InboxRow> rows, CancellationToken cancellationToken)
    {
        if (rows.All(static row => row.Problem is null))
        {
            return rows;
        }

        foreach (var row in rows)
        {
            foreach (var trace in row.Problem is null ? [] : row.Waiting)
            {
                await RecordUnreadableAsync(trace.TraceId, row.Problem!, cancellationToken);
            }
        }

        return [.. rows.Select(static row => row.Problem is null ? row : row with { Waiting = [] })];
    }

    private async Task AnalyseBatchAsync(CancellationToken cancellationToken)
    {
        var traces = await _assembly.TakeAsync(options.BatchSize, cancellationToken);
        IReadOnlySet<TraceId> finished = new HashSet<TraceId>();
        try
        {
            finished = await AnalyseAsync(traces, cancellationToken);
            _trouble.Succeeded(finished);
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            _trouble.Failed(traces.Select(static trace => trace.TraceId), error);
            throw;
        }
        finally
        {
            // Failed and cancelled traces wait again.
            traces.ForEach(trace => _assembly.Finish(trace, finished.Contains(trace.TraceId)));
        }
    }

    /// <summary>
    /// Analyses one batch of traces again that an older version analysed, after new traces. The version is stored with each trace, so a
    /// restart continues.
    /// </summary>
    private async Task ReanalyseAsync(CancellationToken cancellationToken)
    {
        var old = await store.ListAnalysedBeforeAsync(
            AnalysisVersion.Current,
            Math.Min(options.BatchSize, MaxReanalysed),
            cancellationToken
        );
        if (old.Count == 0)
        {
            _reanalysis = null;
            await Task.Delay(options.PollInterval, clock, cancellationToken);
            return;
        }

        _reanalysis ??= new Reanalysis(0, await store.CountAnalysedBeforeAsync(AnalysisVersion.Current, cancellationToken));
        // New traces go first. If they never stop, one batch per second still runs; otherwise this would never finish.
        var since = clock.GetTimestamp();
        while (_assembly.HasDue && clock.GetElapsedTime(since) < LongestBehind)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, cancellationToken);
        }

        // Their new spans, if any, are the assembly's.
        await AnalyseAsync([.. old.Select(static trace => new DueTrace(trace, []))], cancellationToken);
        _reanalysis = _reanalysis with
        {
            Done = _reanalysis.Done + old.Count,
            Total = Math.Max(_reanalysis.Total, _reanalysis.Done + old.Count),
        };
    }

    /// <summary>Analyses traces and saves the results.</summary>
    /// <returns>The traces that are finished.</returns>
    private async Task<IReadOnlySet<TraceId>> AnalyseAsync(List<DueTrace> traces, CancellationToken cancellationToken)
    {
        var finished = new HashSet<TraceId>(traces.Count);
        var analyses = new List<TraceAnalysis>(traces.Count);
        var contents = await LoadAsync(traces, cancellationToken);
        for (var i = 0; i < traces.Count; i++)
        {
            // A trace without new spans may have been analysed since it was queued.
            if (contents[i] is { } content && content.NeedsAnalysis(AnalysisVersion.Current))
            {
                analyses.Add(Analyse(content));
            }
            else
            {
                finished.Add(traces[i].TraceId);
            }
        }

        var saved = analyses.Count == 0 ? [] : await store.SaveAnalysesAsync(analyses, cancellationToken);
        for (var i = 0; i < analyses.Count; i++)
        {
            // Not saved: another process was faster, or the trace was deleted. It is loaded again.
            if (saved[i])
            {
                Count(analyses[i]);
                finished.Add(analyses[i].Content.TraceId);
            }
        }

        return finished;
    }

    private TraceAnalysis Analyse(TraceContent content)
    {
        using var activity = IngestTraces.Source.StartActivity("analyse");
        var begun = clock.GetTimestamp();
        var analysis = TraceAnalyser.Analyse(content, reconstruct);
        meter?.Analysed.Record(
            clock.GetElapsedTime(begun).TotalSeconds,
            KeyValuePair.Create("outcome", (object?)(analysis.Error is null ? "done" : "failed"))
        );
        activity?.SetTag("spans", analysis.Spans.Count);
        return analysis;
    }

    private async Task<IReadOnlyList<TraceContent?>> LoadAsync(List<DueTrace> traces, CancellationToken cancellationToken)
    {
        try
        {
            return await store.LoadAsync(
                [.. traces.Select(static trace => new AssembledTrace(trace.TraceId, trace.Parts))],
                cancellationToken
            );
        }
        catch (InvalidDataException error) when (traces.Count == 1)
        {
            await RecordUnreadableAsync(traces[0].TraceId, error.Message, cancellationToken);
            return [null];
        }
        catch (InvalidDataException)
        {
            // One of them is damaged. Alone, each says so.
            var contents = new List<TraceContent?>(traces.Count);
            foreach (var trace in traces)
            {
                contents.AddRange(await LoadAsync([trace], cancellationToken));
            }

            return contents;
        }
    }

    private async Task RecordUnreadableAsync(TraceId trace, string problem, CancellationToken cancellationToken)
    {
        LogUnreadable(logger, trace, problem);
        _unreadable[trace] = true;
        await store.RecordFailureAsync(trace, AnalysisVersion.Current, problem, cancellationToken);
    }

    private void Count(TraceAnalysis analysis)
    {
        Interlocked.Increment(ref _analysed);
        if (analysis.Error is { } error)
        {
            Interlocked.Increment(ref _failed);
            LogAnalysisFailed(logger, analysis.Content.TraceId, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Trace {TraceId} could not be analysed: {Error}")]
    private static partial void LogAnalysisFailed(ILogger logger, TraceId traceId, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trace {TraceId} could not be read: {Error}")]
    private static partial void LogUnreadable(ILogger logger, TraceId traceId, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Analysis waits, and goes on in {Seconds} s: {Error}")]
    private static partial void LogDatabaseFailed(ILogger logger, string error, double seconds);
}

/// <summary>Progress of analysing traces again that an older version analysed.</summary>
/// <param name="Done">Number of traces analysed since the process started.</param>
/// <param name="Total">Number of traces done and left to do.</param>
public sealed record Reanalysis(long Done, long Total);
