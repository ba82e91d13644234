using System.Diagnostics.Metrics;
using DhtTracer.Storage.Inbox;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>A trace that is due for analysis.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Parts">Its new spans, by row number; empty if something else changed.</param>
internal sealed record DueTrace(TraceId TraceId, IReadOnlyList<AssembledPart> Parts);

/// <summary>
/// Collects the spans of each trace from the messages in the inbox, and tracks when each trace is due for analysis. Thread-safe.
/// The file is longer than 300 lines because the memory limit, the order of messages and the due times share one lock.
/// </summary>
/// <remarks>
/// The spans stay in the inbox until their trace is saved, so this is only a copy. Beyond the memory limit, new messages are not kept:
/// the assembly is then <see cref="IsBehind"/>, and <see cref="AddStored"/> reads them later, in order.
/// </remarks>
/// <param name="options">When a trace is due, and the memory limit.</param>
/// <param name="clock">The clock.</param>
/// <param name="waited">Receives the time that each trace waited, in seconds; null for none.</param>
#pragma warning disable CA1001 // A SemaphoreSlim whose wait handle is never asked for has nothing to dispose.
internal sealed class TraceAssembly(AnalysisOptions options, TimeProvider clock, Histogram<double>? waited = null)
{
    /// <summary>A trace costs this much memory in addition to its spans, about.</summary>
    private const int EntryBytes = 400;

    /// <summary>A trace rests this many times as long as its last analysis took.</summary>
    private const int RestFactor = 20;

    private const int MaxPast = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<TraceId, Entry> _entries = [];
    private readonly PriorityQueue<TraceId, long> _queue = new();

    /// <summary>What is remembered of traces that were analysed while they were growing, or at high cost.</summary>
    private readonly Dictionary<TraceId, Past> _past = [];

    /// <summary>How many traces of each message are here.</summary>
    private readonly Dictionary<long, int> _rows = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly SemaphoreSlim _room = new(0, 1);
    private bool _draining;
    private bool _behind = true;

    /// <summary>Whether there may be messages that nobody told of: those of before the start, and those of other processes.</summary>
    private bool _untold = true;
    private long _bytes;
    private long _upTo;
    private long _newest;

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

    /// <summary>Memory of the collected spans, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Whether the inbox may have messages that were not read yet.</summary>
    public bool IsBehind
    {
        get
        {
            lock (_gate)
            {
                return _behind;
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
                return _entries.Count > _queue.Count || (_queue.TryPeek(out _, out var due) && (IsForced || due <= clock.GetTimestamp()));
            }
        }
    }

    /// <summary>Traces are analysed early when memory runs short. The one that is quiet for longest comes first.</summary>
    private bool IsForced => _draining || _bytes > options.MaxAssemblyBytes / 2;

    /// <summary>Adds a message that was just committed. Call this in the order of row numbers.</summary>
    public void Receive(InboxRow row)
    {
        lock (_gate)
        {
            _newest = Math.Max(_newest, row.Row);
            _behind |= _bytes >= options.MaxAssemblyBytes;
            if (_behind || row.Row <= _upTo)
            {
                SignalRoom();
                return;
            }

            _upTo = row.Row;
            Add(row);
        }

        Signal();
    }

    /// <summary>Waits until there are messages to read and memory for them.</summary>
    /// <returns>The last row that was read, and the newest row that is known.</returns>
    public async Task<(long UpTo, long Newest)> WaitUntilBehindAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_behind && (_bytes <= options.MaxAssemblyBytes / 2 || _entries.Count == 0))
                {
                    return (_upTo, _newest);
                }
            }

            await _room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Adds messages read from the inbox.</summary>
    /// <param name="rows">The messages that follow the last one read; empty if there are none.</param>
    /// <param name="newest">The newest row that was known before reading.</param>
    public void AddStored(IReadOnlyList<InboxRow> rows, long newest)
    {
        lock (_gate)
        {
            foreach (var row in rows)
            {
                if (row.Row > _upTo)
                {
                    _upTo = row.Row;
                    Add(row);
                }
            }

            if (rows.Count > 0)
            {
                _behind = _untold || _newest > _upTo;
            }
            else
            {
                _untold = false;
                _upTo = Math.Max(_upTo, newest);
                _behind = _newest > _upTo;
            }
        }

        Signal();
    }

    /// <summary>Adds messages of another process, which may have lower numbers than messages already added.</summary>
    public void AddForeign(IReadOnlyList<InboxRow> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows.Where(row => row.Row <= _upTo && !_rows.ContainsKey(row.Row)))
            {
                Add(row);
            }

            // Newer ones are read in order.
            _behind = _untold = true;
            SignalRoom();
        }

        Signal();
    }

    /// <summary>Those of the rows that were passed without being added: other processes wrote them.</summary>
    public IReadOnlyList<long> Unknown(IReadOnlyList<long> rows)
    {
        lock (_gate)
        {
            return [.. rows.Where(row => row <= _upTo && !_rows.ContainsKey(row))];
        }
    }

    /// <summary>Queues traces without new spans.</summary>
    public void Touch(IEnumerable<TraceId> traces)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
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
    public async Task<List<DueTrace>> TakeAsync(int most, CancellationToken cancellationToken)
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
    public List<DueTrace> Take(int most)
    {
        lock (_gate)
        {
            return TakeDue(most, out _);
        }
    }

    /// <summary>Ends an analysis. The trace leaves the assembly unless it received spans in the meantime.</summary>
    /// <param name="taken">What was taken.</param>
    /// <param name="done">Whether the spans are saved. If not, they wait again.</param>
    public void Finish(DueTrace taken, bool done)
    {
        lock (_gate)
        {
            var entry = _entries[taken.TraceId];
            var now = clock.GetTimestamp();
            var cost = now - entry.Taken;
            if (done)
            {
                Forget(taken.Parts);
                if (entry.Early || cost > Ticks(TimeSpan.FromMilliseconds(100)))
                {
                    Remember(taken.TraceId, entry, now, cost);
                }
            }
            else
            {
                entry.Parts.InsertRange(0, taken.Parts);
            }

            if (done && !entry.Touched)
            {
                _entries.Remove(taken.TraceId);
                _bytes -= EntryBytes;
            }
            else
            {
                // An analysis reads the whole trace. A trace that grows for long is therefore analysed less and less often, in proportion
                // to its cost.
                entry.First = now;
                entry.NotBefore = done ? now + Rest(cost) : now;
                entry.Looks += entry.Early ? 1 : 0;
                entry.Running = false;
                entry.Touched = false;
                _queue.Enqueue(taken.TraceId, Due(entry));
            }

            SignalRoom();
        }

        Signal();
    }

    private void Add(InboxRow row)
    {
        var now = clock.GetTimestamp();
        foreach (var chunk in row.Waiting)
        {
            var entry = Touch(chunk.TraceId, now);
            entry.Parts.Add(new AssembledPart(row.Row, row.ReceivedUnixNano, chunk.Otlp));
            _bytes += chunk.Otlp.Length;
        }

        if (row.Waiting.Count > 0)
        {
            _rows[row.Row] = row.Waiting.Count;
        }
    }

    private Entry Touch(TraceId trace, long now)
    {
        if (!_entries.TryGetValue(trace, out var entry))
        {
            entry = new Entry
            {
                First = now,
                NotBefore = now,
                Last = now,
            };
            if (_past.Remove(trace, out var past))
            {
                (entry.NotBefore, entry.Looks) = (past.NotBefore, past.Looks);
            }

            _entries.Add(trace, entry);
            _bytes += EntryBytes;
            _queue.Enqueue(trace, Due(entry));
            return entry;
        }

        // Its position in the queue is corrected when it reaches the front.
        entry.Last = now;
        entry.Touched = entry.Running;
        return entry;
    }

    private List<DueTrace> TakeDue(int most, out TimeSpan wait)
    {
        var taken = new List<DueTrace>();
        var now = clock.GetTimestamp();
        wait = Timeout.InfiniteTimeSpan;
        var bytes = 0L;
        while (taken.Count < most && bytes < options.BatchBytes && _queue.TryPeek(out var trace, out var due))
        {
            if (due > now && !IsForced)
            {
                wait = clock.GetElapsedTime(now, due) + TimeSpan.FromMilliseconds(1);
                break;
            }

            _queue.Dequeue();
            var entry = _entries[trace];
            var later = Due(entry);
            if (later > due && !_draining)
            {
                _queue.Enqueue(trace, later);
                continue;
            }

            // Due although spans still come: look again later and later, so that a long trace is shown but not analysed all the time.
            entry.Early = entry.Last + Ticks(options.QuietPeriod) > now && !IsForced;
            entry.Running = true;
            entry.Taken = now;
            waited?.Record(clock.GetElapsedTime(entry.First, now).TotalSeconds);
            taken.Add(new DueTrace(trace, entry.Parts));
            bytes += entry.Parts.Sum(static part => (long)part.Otlp.Length);
            entry.Parts = [];
        }

        return taken;
    }

    private long Due(Entry entry)
    {
        var quiet = Math.Min(entry.Last + Ticks(options.QuietPeriod), entry.First + Ticks(LongestWait(entry.Looks)));
        return Math.Max(quiet, entry.NotBefore);
    }

    private TimeSpan LongestWait(int looks)
    {
        var wait = options.FirstLook * Math.Pow(2, Math.Min(looks, 20));
        return wait < options.LongestWait ? wait : options.LongestWait;
    }

    private void Forget(IReadOnlyList<AssembledPart> parts)
    {
        foreach (var part in parts)
        {
            _bytes -= part.Otlp.Length;
            if (_rows.TryGetValue(part.Row, out var traces) && traces > 1)
            {
                _rows[part.Row] = traces - 1;
            }
            else
            {
                _rows.Remove(part.Row);
            }
        }
    }

    private void Remember(TraceId trace, Entry entry, long now, long cost)
    {
        if (_past.Count >= MaxPast)
        {
            _past.Clear();
        }

        _past[trace] = new Past(now + Rest(cost), entry.Looks + (entry.Early ? 1 : 0));
    }

    private long Rest(long cost) => Math.Min(cost * RestFactor, Ticks(options.LongestWait));

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    private void Signal() => Release(_changed);

    private void SignalRoom() => Release(_room);

    private static void Release(SemaphoreSlim semaphore)
    {
        // An exception for each of thousands of small traces would cost more than all the rest of their way through here.
        if (semaphore.CurrentCount > 0)
        {
            return;
        }

        try
        {
            semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already signalled.
        }
    }

    /// <param name="NotBefore">When the trace may be analysed again.</param>
    /// <param name="Looks">How often it was analysed while it was growing.</param>
    private readonly record struct Past(long NotBefore, int Looks);

    private sealed class Entry
    {
        public List<AssembledPart> Parts { get; set; } = [];

        public long First { get; set; }

        public long Last { get; set; }

        public long NotBefore { get; set; }

        public long Taken { get; set; }

        public int Looks { get; set; }

        public bool Early { get; set; }

        public bool Running { get; set; }

        public bool Touched { get; set; }
    }
}
