using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Storage.Pulling;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Copies one service's traces from one Jaeger, and keeps up with new ones. The checkpoint holds two times. Everything that started before
/// <see cref="_frontier"/> was read at least once. Everything that started before <see cref="_settled"/> was read again after it was older
/// than <see cref="PullOptions.Late"/>, and is done with. What lies between the two is read again at growing intervals. A stretch that the
/// Jaeger could not read is a gap: it is kept in the checkpoint and tried again.
/// </summary>
internal sealed class ServicePuller
{
    private static readonly TimeSpan IdleCheckpoint = TimeSpan.FromSeconds(30);

    /// <summary>How far clocks of hosts may differ: a span may start this long after our now.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstGapRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestGapRetry = TimeSpan.FromHours(1);
    private readonly string _source;
    private readonly string _service;
    private readonly PullOptions _options;
    private readonly SpanSink _sink;
    private readonly TakenSpans _taken;
    private readonly SemaphoreSlim _storing;
    private readonly WindowReader _reader;
    private readonly PullMeter _meter;
    private readonly TimeProvider _clock;
    private readonly Backoff _storeBackoff;
    private RereadSchedule _again;
    private long _coveredFrom;
    private long _settled;
    private long _frontier;
    private long _storedTraces;
    private long _storedSpans;
    private (long Frontier, DateTimeOffset Time) _saved;
    private TimeWindow? _older;
    private List<TimeWindow> _gaps = [];
    private DateTimeOffset _gapsDue;
    private TimeSpan _gapsPause = FirstGapRetry;

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
        _again = new RereadSchedule(options.PollInterval, options.Settle, 0);
        _storeBackoff = new Backoff(clock);
    }

    /// <summary>Runs until all is read, or for ever when following.</summary>
    public async Task RunAsync(PullCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        Resume(checkpoint);
        while (true)
        {
            _meter.Now(PullActivity.Reading);
            await ReadOlderAsync(cancellationToken);
            var before = _frontier;
            await ReadNewAsync(cancellationToken);
            if (!_options.Follow)
            {
                // What an earlier pull read may have got late spans; this pull looks once.
                if (_again.RereadUntil < before)
                {
                    await ReadAgainAsync([new TimeWindow(_again.RereadUntil, before - 1)], cancellationToken);
                }

                await ReadGapsAsync(cancellationToken);
                await SaveCheckpointAsync(force: true, cancellationToken);
                _meter.Now(PullActivity.Finished);
                return;
            }

            await ReadAgainAsync([.. _again.Due(Now, _frontier)], cancellationToken);
            if (_gaps.Count > 0 && _gapsDue <= _clock.GetUtcNow())
            {
                await ReadGapsAsync(cancellationToken);
            }

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
            && PullState.TryParse(checkpoint.State, checkpoint.CompleteUntilUnixNano, out var state)
            && checkpoint.CompleteUntilUnixNano <= TimeWindow.UnixNano(_clock.GetUtcNow())
            && state.ReadUntil <= TimeWindow.UnixNano(_clock.GetUtcNow() + ClockSkew) + 1
        )
        {
            // Also when --since lies after the checkpoint: a gap in between would make the checkpoint a lie.
            _coveredFrom = state.CoveredFrom;
            _settled = checkpoint.CompleteUntilUnixNano;
            _frontier = Math.Max(_settled, state.ReadUntil);
            _gaps = [.. state.Gaps];
            _older = since < _coveredFrom ? new TimeWindow(since, _coveredFrom - 1) : null;
            _again = Schedule(_settled);
            _again.Resume(_settled, checkpoint.UpdatedUnixNano);
        }
        else
        {
            // Nothing was taken yet, or under a clock that was ahead. Spans that are here already are not stored again.
            _coveredFrom = since;
            _settled = since;
            _frontier = since;
            _again = Schedule(since);
        }

        _saved = (_frontier, _clock.GetUtcNow());
    }

    private async Task ReadNewAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var end = TimeWindow.UnixNano(now);
        if (_frontier - 1 - end > TimeWindow.Nanoseconds(ClockSkew))
        {
            // The clock was set back. What was called read while it was ahead had not happened yet, so it is read again.
            _settled = TimeWindow.UnixNano(now - _options.Since);
            _coveredFrom = Math.Min(_coveredFrom, _settled);
            _frontier = _settled;
            _again = Schedule(_settled);
        }

        var start = _frontier;
        var began = end;
        if (!_options.Follow)
        {
            // Clocks differ: a host that is some minutes ahead writes spans that start after our now.
            end += TimeWindow.Nanoseconds(ClockSkew);
        }

        await _reader.ReadAsync(
            new TimeWindow(start, end),
            (traces, complete, token) =>
            {
                if (complete is { } window)
                {
                    _frontier = window.To + 1;
                    _again.Read(window, began);
                    _settled = _again.RereadUntil;
                    _meter.Read(_frontier, _settled, end > start ? (double)(_frontier - start) / (end - start + 1) : 1);
                }

                KeepGaps(_reader.TakeGaps());
                return StoreAsync(traces, complete is not null, token);
            },
            cancellationToken
        );
    }

    /// <summary>Reads what lies before the time that earlier pulls reached back to.</summary>
    private async Task ReadOlderAsync(CancellationToken cancellationToken)
    {
        if (_older is not { } older)
        {
            return;
        }

        var began = Now;
        await _reader.ReadAsync(older, (traces, _, token) => StoreAsync(traces, checkpoint: false, token), cancellationToken);
        KeepGaps(_reader.TakeGaps());
        _again.ReadOlder(older, began);
        _settled = _again.RereadUntil;
        _coveredFrom = older.From;
        _older = null;
    }

    private async Task ReadAgainAsync(IReadOnlyList<TimeWindow> stretches, CancellationToken cancellationToken)
    {
        foreach (var stretch in stretches)
        {
            var began = Now;
            await ReadAgainAsync(stretch, cancellationToken);
            _again.Read(stretch, began);
        }

        _settled = _again.RereadUntil;
        _meter.Read(_frontier, _settled, 1);
    }

    /// <summary>Reads a stretch again, but for its gaps, which are tried again at times of their own.</summary>
    private async Task ReadAgainAsync(TimeWindow stretch, CancellationToken cancellationToken)
    {
        var from = stretch.From;
        foreach (var gap in _gaps.Where(gap => gap.To >= stretch.From && gap.From <= stretch.To).OrderBy(gap => gap.From).ToList())
        {
            await ReadPieceAsync(new TimeWindow(from, gap.From - 1), cancellationToken);
            from = Math.Max(from, gap.To + 1);
        }

        await ReadPieceAsync(new TimeWindow(from, stretch.To), cancellationToken);
    }

    private async Task ReadPieceAsync(TimeWindow piece, CancellationToken cancellationToken)
    {
        if (piece.Width > 0)
        {
            await _reader.ReadAsync(piece, (traces, _, token) => StoreAsync(traces, checkpoint: false, token), cancellationToken);
            KeepGaps(_reader.TakeGaps());
        }
    }

    /// <summary>Tries again what the Jaeger could not read; what it still cannot stays a gap, now as narrow as can be.</summary>
    private async Task ReadGapsAsync(CancellationToken cancellationToken)
    {
        var gaps = _gaps;
        _gaps = [];
        for (var i = 0; i < gaps.Count; i++)
        {
            await _reader.ReadGapAsync(gaps[i], (traces, _, token) => StoreAsync(traces, checkpoint: false, token), cancellationToken);
            _gaps.AddRange(_reader.TakeGaps());
        }

        _gapsPause = _gapsPause * 2 < LongestGapRetry ? _gapsPause * 2 : LongestGapRetry;
        _gapsDue = _clock.GetUtcNow() + _gapsPause;
        _meter.Gaps(_gaps.Count);
        await SaveCheckpointAsync(force: true, cancellationToken);
    }

    private void KeepGaps(IReadOnlyList<TimeWindow> found)
    {
        // What was a gap already, inside of which it was found again, stays as narrow as it is known.
        var added = found.Where(gap => !_gaps.Exists(known => known.From >= gap.From && known.To <= gap.To)).ToList();
        if (added.Count > 0)
        {
            _gaps.AddRange(added);
            _gapsPause = FirstGapRetry;
            _gapsDue = _clock.GetUtcNow() + FirstGapRetry;
        }

        _meter.Gaps(_gaps.Count);
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
        if (force || (_frontier > _saved.Frontier && now - _saved.Time >= IdleCheckpoint))
        {
            await AcceptAsync([], Checkpoint(), cancellationToken);
            _saved = (_frontier, now);
        }
    }

    private long Now => TimeWindow.UnixNano(_clock.GetUtcNow());

    private RereadSchedule Schedule(long from) => new(_options.PollInterval, _options.Settle, from);

    private PullCheckpoint Checkpoint() =>
        new()
        {
            Source = _source,
            Service = _service,
            CompleteUntilUnixNano = _settled,
            UpdatedUnixNano = TimeWindow.UnixNano(_clock.GetUtcNow()),
            Traces = _storedTraces,
            Spans = _storedSpans,
            State = new PullState(_coveredFrom, _frontier, _gaps).ToString(),
        };
}
