using System.Globalization;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces;

namespace DhtTracer.Ingestion.Pull;

/// <summary>
/// Keeps one service of one Jaeger taken up to now. Time before <see cref="settled"/> is done with: it is what the checkpoint says. Time up
/// to <see cref="frontier"/> was read at least once; what lies between the two may still get late spans and is read again, at growing
/// intervals, until it is older than <see cref="PullOptions.SettleAfter"/>. After a crash reading starts again at the checkpoint.
/// </summary>
internal sealed class ServicePuller
{
    private static readonly TimeSpan IdleCheckpoint = TimeSpan.FromSeconds(30);
    private readonly string source;
    private readonly string service;
    private readonly PullOptions options;
    private readonly SpanSink sink;
    private readonly TakenSpans taken;
    private readonly SemaphoreSlim storing;
    private readonly WindowReader reader;
    private readonly PullMeter meter;
    private readonly TimeProvider clock;
    private readonly UnsettledTime unsettled;
    private readonly Backoff storeBackoff;
    private long coveredFrom;
    private long settled;
    private long frontier;
    private long storedTraces;
    private long storedSpans;
    private (long Settled, DateTimeOffset Time) saved;

    public ServicePuller(
        string source, string service, PullOptions options, SpanSink sink, TakenSpans taken, SemaphoreSlim storing, WindowReader reader, PullMeter meter, TimeProvider clock)
    {
        this.source = source;
        this.service = service;
        this.options = options;
        this.sink = sink;
        this.taken = taken;
        this.storing = storing;
        this.reader = reader;
        this.meter = meter;
        this.clock = clock;
        unsettled = new UnsettledTime(options.SettleAfter, options.PollInterval);
        storeBackoff = new Backoff(clock);
    }

    /// <summary>Runs until all is read, or for ever when following.</summary>
    public async Task RunAsync(PullCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        Resume(checkpoint);
        while (true)
        {
            meter.Now(PullActivity.Reading);
            await ReadNewAsync(cancellationToken);
            if (!options.Follow)
            {
                await SaveCheckpointAsync(force: true, cancellationToken);
                meter.Now(PullActivity.Finished);
                return;
            }

            await ReadAgainAsync(cancellationToken);
            await SaveCheckpointAsync(force: false, cancellationToken);
            meter.Now(PullActivity.Waiting);
            await Task.Delay(options.PollInterval, clock, cancellationToken);
        }
    }

    private void Resume(PullCheckpoint? checkpoint)
    {
        var since = TimeWindow.UnixNano(clock.GetUtcNow() - options.Since);
        storedTraces = checkpoint?.Traces ?? 0;
        storedSpans = checkpoint?.Spans ?? 0;
        if (checkpoint is not null && long.TryParse(checkpoint.State, CultureInfo.InvariantCulture, out var from) && from <= since
            && checkpoint.CompleteUntilUnixNano <= TimeWindow.UnixNano(clock.GetUtcNow()))
        {
            // Also when --since lies after the checkpoint: a gap in between would make the checkpoint a lie.
            coveredFrom = from;
            settled = checkpoint.CompleteUntilUnixNano;
        }
        else
        {
            // Nothing was taken yet, or nothing from so far back, or under a clock that was ahead. Spans that are here already are not stored again.
            coveredFrom = since;
            settled = since;
        }

        frontier = settled;
        saved = (settled, clock.GetUtcNow());
    }

    private async Task ReadNewAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var end = TimeWindow.UnixNano(now);
        if (frontier - end > TimeWindow.Nanoseconds(options.SettleAfter))
        {
            // The clock was set back. What was called read while it was ahead had not happened yet, so it is read again.
            settled = TimeWindow.UnixNano(now - options.Since);
            coveredFrom = Math.Min(coveredFrom, settled);
            frontier = settled;
            unsettled.Clear();
        }

        var start = frontier;
        var settleLine = end - TimeWindow.Nanoseconds(options.SettleAfter);
        if (!options.Follow)
        {
            // Clocks differ: a host that is some minutes ahead writes spans that start after our now.
            end += TimeWindow.Nanoseconds(options.SettleAfter);
        }

        await reader.ReadAsync(
            new TimeWindow(start, end),
            (traces, complete, token) =>
            {
                if (complete is { } window)
                {
                    frontier = window.To + 1;
                    settled = Math.Max(settled, Math.Min(unsettled.From ?? frontier, Math.Min(frontier, settleLine)));
                    meter.Read(frontier, settled, end > start ? (double)(frontier - start) / (end - start + 1) : 1);
                }

                return StoreAsync(traces, complete is not null, token);
            },
            cancellationToken);
        unsettled.Add(new TimeWindow(Math.Max(start, settleLine), end), now);
    }

    private async Task ReadAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var window in unsettled.TakeDue(clock.GetUtcNow()))
        {
            var now = clock.GetUtcNow();
            await reader.ReadAsync(window.Time, (traces, _, token) => StoreAsync(traces, checkpoint: false, token), cancellationToken);
            unsettled.ReadAgain(window, now);
        }

        settled = Math.Max(settled, unsettled.From ?? frontier);
        meter.Read(frontier, settled, 1);
    }

    private async Task StoreAsync(IReadOnlyDictionary<TraceId, List<Span>> traces, bool checkpoint, CancellationToken cancellationToken)
    {
        // A trace of two services comes to both of their pullers, often at once. The second must find what the first has committed, or the
        // trace would be stored and counted twice.
        await storing.WaitAsync(cancellationToken);
        try
        {
            await StoreNewAsync(traces, checkpoint, cancellationToken);
        }
        finally
        {
            storing.Release();
        }
    }

    private async Task StoreNewAsync(IReadOnlyDictionary<TraceId, List<Span>> traces, bool checkpoint, CancellationToken cancellationToken)
    {
        var stored = new List<(TraceId Trace, List<Span> Spans)>();
        var (newTraces, newSpans, duplicates) = (0, 0, 0);
        foreach (var (trace, spans) in traces)
        {
            var (fresh, newTrace) = await taken.NewAsync(trace, spans, cancellationToken);
            duplicates += spans.Count - fresh.Count;
            if (fresh.Count > 0)
            {
                newTraces += newTrace ? 1 : 0;
                newSpans += fresh.Count;
                stored.Add((trace, fresh));
            }
        }

        storedTraces += newTraces;
        storedSpans += newSpans;
        if (stored.Count > 0)
        {
            await AcceptAsync(stored.SelectMany(item => item.Spans), checkpoint ? Checkpoint() : null, cancellationToken);
            foreach (var (trace, spans) in stored)
            {
                taken.Add(trace, spans);
            }
        }
        else if (checkpoint)
        {
            await SaveCheckpointAsync(force: false, cancellationToken);
        }

        meter.Stored(newTraces, newSpans, duplicates);
    }

    private async Task AcceptAsync(IEnumerable<Span> spans, PullCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await sink.AcceptAsync(spans, "jaeger-pull", checkpoint, cancellationToken);
                storeBackoff.Reset();
                return;
            }
            catch (Exception e) when (e is StoreOverloadedException or DatabaseException { IsTransient: true })
            {
                meter.Failed(e.Message, final: false);
                await storeBackoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task SaveCheckpointAsync(bool force, CancellationToken cancellationToken)
    {
        // Without new spans the checkpoint only saves reading again after a crash: now and then is enough.
        var now = clock.GetUtcNow();
        if (force || (settled > saved.Settled && now - saved.Time >= IdleCheckpoint))
        {
            await AcceptAsync([], Checkpoint(), cancellationToken);
            saved = (settled, now);
        }
    }

    private PullCheckpoint Checkpoint() => new()
    {
        Source = source,
        Service = service,
        CompleteUntilUnixNano = settled,
        UpdatedUnixNano = TimeWindow.UnixNano(clock.GetUtcNow()),
        Traces = storedTraces,
        Spans = storedSpans,
        State = coveredFrom.ToString(CultureInfo.InvariantCulture),
    };
}
