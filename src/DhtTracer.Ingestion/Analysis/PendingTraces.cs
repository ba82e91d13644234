using System.Diagnostics.Metrics;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>Tracks which traces to analyse and when each is due. Thread-safe.</summary>
/// <param name="options">When a trace is due.</param>
/// <param name="clock">The clock.</param>
/// <param name="waited">Receives the time that each trace waited, in seconds; null for none.</param>
#pragma warning disable CA1001 // A SemaphoreSlim whose wait handle is never asked for has nothing to dispose.
internal sealed class PendingTraces(AnalysisOptions options, TimeProvider clock, Histogram<double>? waited = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TraceId, Entry> _entries = [];
    private readonly PriorityQueue<TraceId, long> _queue = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private bool _draining;

    /// <summary>Number of traces that wait or are being analysed.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Whether a trace is due or being analysed. Less urgent work should then wait.</summary>
    public bool HasDue
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count > _queue.Count || (_queue.TryPeek(out _, out var due) && (_draining || due <= clock.GetTimestamp()));
            }
        }
    }

    /// <summary>Queues traces that received spans.</summary>
    public void Touch(IEnumerable<TraceId> traces)
    {
        var now = clock.GetTimestamp();
        lock (_gate)
        {
            foreach (var trace in traces)
            {
                Touch(trace, now);
            }
        }

        Signal();
    }

    /// <summary>Makes all waiting and new traces due immediately, until <see cref="Settle"/>.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            _draining = true;
        }

        Signal();
    }

    /// <summary>Ends <see cref="Hurry"/>.</summary>
    public void Settle()
    {
        lock (_gate)
        {
            _draining = false;
        }
    }

    /// <summary>Takes due traces; waits until there is at least one.</summary>
    public async Task<List<TraceId>> TakeAsync(int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                var due = TakeDue(most, out wait);
                if (due.Count > 0)
                {
                    if (_queue.Count > 0)
                    {
                        Signal();
                    }

                    return due;
                }
            }

            // Wakes up for a new trace, or when the first trace is due. A cancelled wait may lose a permit, which only causes one early
            // check.
            await _changed.WaitAsync(wait, cancellationToken);
        }
    }

    /// <summary>Takes the traces that are due now, if any.</summary>
    public List<TraceId> Take(int most)
    {
        lock (_gate)
        {
            return TakeDue(most, out _);
        }
    }

    /// <summary>Ends an analysis. The trace leaves the queue unless it received spans in the meantime.</summary>
    public void Finish(TraceId trace)
    {
        lock (_gate)
        {
            var entry = _entries[trace];
            if (!entry.Touched)
            {
                _entries.Remove(trace);
                return;
            }

            // An analysis reads the whole trace. A trace that grows for long is therefore analysed less and less often, in proportion to
            // its cost.
            var now = clock.GetTimestamp();
            var cost = now - entry.Taken;
            entry.First = now;
            entry.NotBefore = now + (cost * 5);
            entry.Running = false;
            entry.Touched = false;
            _queue.Enqueue(trace, Due(entry));
        }

        Signal();
    }

    private void Touch(TraceId trace, long now)
    {
        if (!_entries.TryGetValue(trace, out var entry))
        {
            entry = new Entry { First = now, NotBefore = now };
            _entries.Add(trace, entry);
            entry.Last = now;
            _queue.Enqueue(trace, Due(entry));
            return;
        }

        // Its position in the queue is corrected when it reaches the front.
        entry.Last = now;
        entry.Touched = entry.Running;
    }

    private List<TraceId> TakeDue(int most, out TimeSpan wait)
    {
        var taken = new List<TraceId>();
        var now = clock.GetTimestamp();
        wait = Timeout.InfiniteTimeSpan;
        while (taken.Count < most && _queue.TryPeek(out var trace, out var due))
        {
            if (due > now && !_draining)
            {
                wait = clock.GetElapsedTime(now, due) + TimeSpan.FromMilliseconds(1);
                break;
            }

            _queue.Dequeue();
            var entry = _entries[trace];
            var later = Due(entry);
            if (later > now && !_draining)
            {
                _queue.Enqueue(trace, later);
                continue;
            }

            entry.Running = true;
            entry.Taken = now;
            waited?.Record(clock.GetElapsedTime(entry.First, now).TotalSeconds);
            taken.Add(trace);
        }

        return taken;
    }

    private long Due(Entry entry)
    {
        var quiet = Math.Min(entry.Last + Ticks(options.QuietPeriod), entry.First + Ticks(options.LongestWait));
        return Math.Max(quiet, entry.NotBefore);
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    private void Signal()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already signalled.
        }
    }

    private sealed class Entry
    {
        public long First { get; set; }

        public long Last { get; set; }

        public long NotBefore { get; set; }

        public long Taken { get; set; }

        public bool Running { get; set; }

        public bool Touched { get; set; }
    }
}
