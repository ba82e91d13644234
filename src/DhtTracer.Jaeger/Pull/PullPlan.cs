using System.Runtime.CompilerServices;
using DhtTracer.Storage.Pulling;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Says which time of one service is read next, and how far reading has come. Everything that started before "read once until" was read at
/// least once; everything that started before "re-read until" was read again when it was older than <see cref="PullOptions.Late"/>. What
/// lies between is read again by <see cref="RereadSchedule"/>. A stretch that the Jaeger could not read is a gap, which is tried again.
/// </summary>
internal sealed class PullPlan
{
    /// <summary>How far clocks of hosts may differ: a span may start this long after our now.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstGapRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestGapRetry = TimeSpan.FromHours(1);
    private readonly PullOptions _options;
    private readonly PullMeter _meter;
    private readonly TimeProvider _clock;
    private readonly List<TimeWindow> _gaps = [];
    private readonly List<TimeWindow> _foundInGap = [];
    private RereadSchedule _again;
    private TimeWindow? _older;
    private TimeWindow _new;
    private long _began;
    private long _coveredFrom;
    private long _readUntil;
    private long _gapsDue;
    private TimeSpan _gapsPause = FirstGapRetry;

    /// <summary>Makes a plan that goes on after a checkpoint, or begins <see cref="PullOptions.Since"/> ago.</summary>
    public PullPlan(PullOptions options, PullCheckpoint? checkpoint, PullMeter meter, TimeProvider clock)
    {
        _options = options;
        _meter = meter;
        _clock = clock;
        var since = Now - TimeWindow.Nanoseconds(options.Since);
        if (
            checkpoint is not null
            && PullState.TryParse(checkpoint.State, checkpoint.CompleteUntilUnixNano, out var state)
            && state.RereadUntil <= Now
            && !IsAhead(state.ReadUntil)
        )
        {
            // Also when --since lies after the checkpoint: a hole in between would make the checkpoint wrong.
            _coveredFrom = state.CoveredFrom;
            _readUntil = Math.Max(state.RereadUntil, state.ReadUntil);
            _gaps.AddRange(state.Gaps);
            _older = since < _coveredFrom ? new TimeWindow(since, _coveredFrom - 1) : null;
            _again = Schedule(state.RereadUntil);
            _again.Resume(state.RereadUntil, checkpoint.UpdatedUnixNano);
        }
        else
        {
            // Nothing was read yet, or under a clock that was ahead. Spans that are here already are not stored again.
            _again = Begin(since, since);
        }
    }

    /// <summary>How far reading has come, for the checkpoint.</summary>
    public PullState State => new(_coveredFrom, _readUntil, _again.RereadUntil, [.. _gaps]);

    private long Now => TimeWindow.UnixNano(_clock.GetUtcNow());

    /// <summary>
    /// The windows to read, one after another. The next one is asked for when the last was read, and its parts reported with
    /// <see cref="Read"/>. Ends when all is read, or never when following.
    /// </summary>
    public async IAsyncEnumerable<PullWindow> WindowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            _meter.Now(PullActivity.Reading);
            if (_older is { } older)
            {
                _began = Now;
                yield return new PullWindow(older, WindowPurpose.Older);
                _again.ReadOlder(older, _began);
                _coveredFrom = older.From;
                _older = null;
            }

            var before = _readUntil;
            _new = NewTime();
            yield return new PullWindow(_new, WindowPurpose.New);
            if (!_options.Follow)
            {
                // What an earlier pull read may have got late spans; this pull looks once.
                foreach (var window in _again.RereadUntil < before ? Again(new TimeWindow(_again.RereadUntil, before - 1)) : [])
                {
                    yield return window;
                }

                foreach (var window in Gaps())
                {
                    yield return window;
                }

                yield break;
            }

            yield return new PullWindow(new TimeWindow(Now - TimeWindow.Nanoseconds(_options.Since), Now), WindowPurpose.Newest);
            foreach (var stretch in _again.Due(Now, _readUntil).ToList())
            {
                foreach (var window in Again(stretch))
                {
                    yield return window;
                }
            }

            if (_gaps.Count > 0 && _gapsDue <= Now)
            {
                foreach (var window in Gaps())
                {
                    yield return window;
                }
            }

            _meter.Now(PullActivity.Waiting);
            await Task.Delay(_options.PollInterval, _clock, cancellationToken);
        }
    }

    /// <summary>A part of the last window was read.</summary>
    public void Read(PullWindow window, WindowPart part)
    {
        if (part.Complete is not { } time)
        {
            return;
        }

        if (part.IsUnread)
        {
            AddGap(window, time);
        }

        if (window.Purpose == WindowPurpose.New)
        {
            _readUntil = time.To + 1;
            _again.Read(time, _began);
            _meter.Read(_readUntil, _again.RereadUntil, (double)(_readUntil - _new.From) / _new.Width);
        }
    }

    private TimeWindow NewTime()
    {
        if (IsAhead(_readUntil))
        {
            // The clock was set back. What was called read while it was ahead had not happened yet, so it is read again.
            var since = Now - TimeWindow.Nanoseconds(_options.Since);
            _again = Begin(since, Math.Min(_coveredFrom, since));
        }

        // A pull that looks once also takes spans of hosts whose clock is minutes ahead.
        _began = Now;
        return new TimeWindow(_readUntil, Math.Max(_readUntil, _options.Follow ? _began : _began + TimeWindow.Nanoseconds(ClockSkew)));
    }

    /// <summary>A stretch without its gaps, which are tried again at times of their own.</summary>
    private IEnumerable<PullWindow> Again(TimeWindow stretch)
    {
        _began = Now;
        var from = stretch.From;
        foreach (var gap in _gaps.Where(gap => gap.To >= stretch.From && gap.From <= stretch.To).OrderBy(gap => gap.From).ToList())
        {
            if (gap.From > from)
            {
                yield return new PullWindow(new TimeWindow(from, gap.From - 1), WindowPurpose.Again);
            }

            from = Math.Max(from, gap.To + 1);
        }

        if (from <= stretch.To)
        {
            yield return new PullWindow(new TimeWindow(from, stretch.To), WindowPurpose.Again);
        }

        _again.Read(stretch, _began);
        _meter.Read(_readUntil, _again.RereadUntil, 1);
    }

    private IEnumerable<PullWindow> Gaps()
    {
        foreach (var gap in _gaps.ToList())
        {
            _foundInGap.Clear();
            yield return new PullWindow(gap, WindowPurpose.Gap);

            // Only now: a checkpoint that is written meanwhile must still name the whole gap.
            _gaps.Remove(gap);
            _gaps.AddRange(_foundInGap);
            _meter.Gaps(_gaps.Count);
        }

        _gapsPause = _gapsPause * 2 < LongestGapRetry ? _gapsPause * 2 : LongestGapRetry;
        _gapsDue = Now + TimeWindow.Nanoseconds(_gapsPause);
    }

    private void AddGap(PullWindow window, TimeWindow time)
    {
        if (window.Purpose == WindowPurpose.Gap)
        {
            _foundInGap.Add(time);
        }
        else if (!_gaps.Exists(known => known.From >= time.From && known.To <= time.To))
        {
            // A gap that is known inside of it is narrower, and stays.
            _gaps.Add(time);
            _gapsPause = FirstGapRetry;
            _gapsDue = Now + TimeWindow.Nanoseconds(_gapsPause);
        }

        _meter.Gaps(_gaps.Count);
    }

    // One nanosecond more: a window that ends at the limit was read until the nanosecond after it.
    private bool IsAhead(long readUntil) => readUntil > Now + TimeWindow.Nanoseconds(ClockSkew) + 1;

    private RereadSchedule Begin(long from, long coveredFrom)
    {
        _coveredFrom = coveredFrom;
        _readUntil = from;
        return Schedule(from);
    }

    private RereadSchedule Schedule(long from) => new(_options.PollInterval, _options.Settle, from);
}
