using System.Globalization;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Storage.Pulling;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Keeps one service of one Jaeger taken up to now. Time before <see cref="_settled"/> is done with: it is what the checkpoint says. Time
/// up to <see cref="_frontier"/> was read at least once; what lies between the two may still get late spans and is read again, at growing
/// intervals, until it is older than <see cref="PullOptions.SettleAfter"/>. After a crash reading starts again at the checkpoint.
/// </summary>
internal sealed class ServicePuller
{
    private static readonly TimeSpan IdleCheckpoint = TimeSpan.FromSeconds(30);
    private readonly string _source;
    private readonly string _service;
    private readonly PullOptions _options;
    private readonly SpanSink _sink;
    private readonly TakenSpans _taken;
    private readonly SemaphoreSlim _storing;
    private readonly WindowReader _reader;
    private readonly PullMeter _meter;
    private readonly TimeProvider _clock;
    private readonly UnsettledTime _unsettled;
    private readonly Backoff _storeBackoff;
    private long _coveredFrom;
    private long _settled;
    private long _frontier;
    private long _storedTraces;
    private long _storedSpans;
    private (long Settled, DateTimeOffset Time) _saved;

    public ServicePuller(
        string source,
        string service,
        PullOptions options,
        SpanSink sink,
        TakenSpans taken,
        SemaphoreSlim storing,
        WindowReader reader,
        PullMeter meter,
        TimeProvider clock
    )
    {
        _source = source;
        _service = service;
        _options = options;
        _sink = sink;
        _taken = taken;
        _storing = storing;
        _reader = reader;
        _meter = meter;
        _clock = clock;
        _unsettled = new UnsettledTime(options.SettleAfter, options.PollInterval);
        _storeBackoff = new Backoff(clock);
    }

    /// <summary>Runs until all is read, or for ever when following.</summary>
    public async Task RunAsync(PullCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        Resume(checkpoint);
        while (true)
        {
            _meter.Now(PullActivity.Reading);
            await ReadNewAsync(cancellationToken);
            if (!_options.Follow)
            {
                await SaveCheckpointAsync(force: true, cancellationToken);
                _meter.Now(PullActivity.Finished);
                return;
            }

            await ReadAgainAsync(cancellationToken);
            await SaveCheckpointAsync(force: false, cancellationToken);
            _meter.Now(PullActivity.Waiting);
            await Task.Delay(_options.PollInterval, _clock, cancellationToken);
        }
    }

    private void Resume(PullCheckpoint? checkpoint)
    {
        var since = TimeWindow.UnixNano(_clock.GetUtcNow() - _options.Since);
        _storedTraces = checkpoint?.Traces ?? 0;
        _storedSpans = checkpoint?.Spans ?? 0;
        if (
            checkpoint is not null
            && long.TryParse(checkpoint.State, CultureInfo.InvariantCulture, out var from)
            && from <= since
            && checkpoint.CompleteUntilUnixNano <= TimeWindow.UnixNano(_clock.GetUtcNow())
        )
        {
            // Also when --since lies after the checkpoint: a gap in between would make the checkpoint a lie.
            _coveredFrom = from;
            _settled = checkpoint.CompleteUntilUnixNano;
        }
        else
        {
            // Nothing was taken yet, or nothing from so far back, or under a clock that was ahead. Spans that are here already are not
            // stored again.
            _coveredFrom = since;
            _settled = since;
        }

        _frontier = _settled;
        _saved = (_settled, _clock.GetUtcNow());
    }

    private async Task ReadNewAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var end = TimeWindow.UnixNano(now);
        if (_frontier - end > TimeWindow.Nanoseconds(_options.SettleAfter))
        {
            // The clock was set back. What was called read while it was ahead had not happened yet, so it is read again.
            _settled = TimeWindow.UnixNano(now - _options.Since);
            _coveredFrom = Math.Min(_coveredFrom, _settled);
            _frontier = _settled;
            _unsettled.Clear();
        }

        var start = _frontier;
        var settleLine = end - TimeWindow.Nanoseconds(_options.SettleAfter);
        if (!_options.Follow)
        {
            // Clocks differ: a host that is some minutes ahead writes spans that start after our now.
            end += TimeWindow.Nanoseconds(_options.SettleAfter);
        }

        await _reader.ReadAsync(
            new TimeWindow(start, end),
            (traces, complete, token) =>
            {
                if (complete is { } window)
                {
                    _frontier = window.To + 1;
                    _settled = Math.Max(_settled, Math.Min(_unsettled.From ?? _frontier, Math.Min(_frontier, settleLine)));
                    _meter.Read(_frontier, _settled, end > start ? (double)(_frontier - start) / (end - start + 1) : 1);
                }

                return StoreAsync(traces, complete is not null, token);
            },
            cancellationToken
        );
        _unsettled.Add(new TimeWindow(Math.Max(start, settleLine), end), now);
    }

    private async Task ReadAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var window in _unsettled.TakeDue(_clock.GetUtcNow()))
        {
            var now = _clock.GetUtcNow();
            await _reader.ReadAsync(window.Time, (traces, _, token) => StoreAsync(traces, checkpoint: false, token), cancellationToken);
            _unsettled.ReadAgain(window, now);
        }

        _settled = Math.Max(_settled, _unsettled.From ?? _frontier);
        _meter.Read(_frontier, _settled, 1);
    }

    private async Task StoreAsync(IReadOnlyDictionary<TraceId, List<Span>> traces, bool checkpoint, CancellationToken cancellationToken)
    {
        // A trace of two services comes to both of their pullers, often at once. The second must find what the first has committed, or the
        // trace would be stored and counted twice.
        await _storing.WaitAsync(cancellationToken);
        try
        {
            await StoreNewAsync(traces, checkpoint, cancellationToken);
        }
        finally
        {
            _storing.Release();
        }
    }

    private async Task StoreNewAsync(IReadOnlyDictionary<TraceId, List<Span>> traces, bool checkpoint, CancellationToken cancellationToken)
    {
        var stored = new List<(TraceId Trace, List<Span> Spans)>();
        var (newTraces, newSpans, duplicates) = (0, 0, 0);
        foreach (var (trace, spans) in traces)
        {
            var (fresh, newTrace) = await _taken.NewAsync(trace, spans, cancellationToken);
            duplicates += spans.Count - fresh.Count;
            if (fresh.Count > 0)
            {
                newTraces += newTrace ? 1 : 0;
                newSpans += fresh.Count;
                stored.Add((trace, fresh));
            }
        }

        _storedTraces += newTraces;
        _storedSpans += newSpans;
        if (stored.Count > 0)
        {
            await AcceptAsync(stored.SelectMany(item => item.Spans), checkpoint ? Checkpoint() : null, cancellationToken);
            foreach (var (trace, spans) in stored)
            {
                _taken.Add(trace, spans);
            }
        }
        else if (checkpoint)
        {
            await SaveCheckpointAsync(force: false, cancellationToken);
        }

        _meter.Stored(newTraces, newSpans, duplicates);
    }

    private async Task AcceptAsync(IEnumerable<Span> spans, PullCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await _sink.AcceptAsync(spans, "jaeger-pull", checkpoint, cancellationToken);
                _storeBackoff.Reset();
                return;
            }
            catch (Exception e) when (e is StoreOverloadedException or DatabaseException { IsTransient: true })
            {
                _meter.Failed(e.Message, final: false);
                await _storeBackoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task SaveCheckpointAsync(bool force, CancellationToken cancellationToken)
    {
        // Without new spans the checkpoint only saves reading again after a crash: now and then is enough.
        var now = _clock.GetUtcNow();
        if (force || (_settled > _saved.Settled && now - _saved.Time >= IdleCheckpoint))
        {
            await AcceptAsync([], Checkpoint(), cancellationToken);
            _saved = (_settled, now);
        }
    }

    private PullCheckpoint Checkpoint() =>
        new()
        {
            Source = _source,
            Service = _service,
            CompleteUntilUnixNano = _settled,
            UpdatedUnixNano = TimeWindow.UnixNano(_clock.GetUtcNow()),
            Traces = _storedTraces,
            Spans = _storedSpans,
            State = _coveredFrom.ToString(CultureInfo.InvariantCulture),
        };
}
