namespace DhtTracer.Kademlia;

/// <summary>What came of saying something again.</summary>
internal enum Reannouncement
{
    /// <summary>It was said; again after the interval.</summary>
    Done = 1,

    /// <summary>Nobody took it; again before the interval is over.</summary>
    Failed = 2,

    /// <summary>It is no longer true: not again.</summary>
    Over = 3,
}

/// <summary>
/// Says again, each at its interval, what this node told the network: who holds a record forgets it in time, and the peers closest to
/// a key come and go. Safe for use from several threads.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">Time between two announcements of one key; zero for never.</param>
/// <param name="maxKeys">Keys at most; a new one beyond pushes out the one that would be next.</param>
internal sealed class Reannouncer(TimeProvider time, TimeSpan interval, int maxKeys = 100_000)
{
    /// <summary>How long an announcement that failed waits, when the interval is not shorter.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<BytesKey, Entry> _entries = [];

    /// <summary>Number of keys.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Notes that a key has just been announced.</summary>
    /// <param name="key">The key; what was noted for it before is replaced.</param>
    /// <param name="again">Announces it again.</param>
    public void Add(byte[] key, Func<CancellationToken, Task<Reannouncement>> again)
    {
        if (interval == TimeSpan.Zero)
        {
            return;
        }

        var name = new BytesKey(key);
        lock (_lock)
        {
            if (_entries.Count >= maxKeys && !_entries.ContainsKey(name))
            {
                _entries.Remove(_entries.MinBy(entry => entry.Value.DueAt).Key);
            }

            _entries[name] = new Entry(again, time.GetUtcNow() + interval);
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _entries.Clear();
        }
    }

    /// <summary>Announces what is due, one after the other, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (interval == TimeSpan.Zero)
        {
            return;
        }

        try
        {
            while (true)
            {
                await Task.Delay(UntilNext(), time, cancellationToken);
                foreach (var (name, entry) in Due())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Settle(name, entry, await entry.Again(cancellationToken));
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node is being disposed.
        }
    }

    // A key that comes meanwhile is due after a whole interval, so never before the end of this wait.
    private TimeSpan UntilNext()
    {
        lock (_lock)
        {
            var wait = _entries.Count == 0 ? interval : _entries.Values.Min(entry => entry.DueAt) - time.GetUtcNow();
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    private List<KeyValuePair<BytesKey, Entry>> Due()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            return [.. _entries.Where(entry => entry.Value.DueAt <= now)];
        }
    }

    private void Settle(BytesKey name, Entry announced, Reannouncement outcome)
    {
        lock (_lock)
        {
            // Whoever announced or cleared it meanwhile knows better.
            if (!ReferenceEquals(_entries.GetValueOrDefault(name), announced))
            {
                return;
            }

            if (outcome == Reannouncement.Over)
            {
                _entries.Remove(name);
                return;
            }

            var wait = outcome == Reannouncement.Failed && RetryAfter < interval ? RetryAfter : interval;
            _entries[name] = announced with { DueAt = time.GetUtcNow() + wait };
        }
    }

    private sealed record Entry(Func<CancellationToken, Task<Reannouncement>> Again, DateTimeOffset DueAt);
}
