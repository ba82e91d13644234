namespace DhtTracer.Kademlia.Records;

/// <summary>Result of repeating an announcement.</summary>
internal enum Reannouncement
{
    /// <summary>It was announced; repeat it after the interval.</summary>
    Done = 1,

    /// <summary>No peer accepted it; repeat it before the interval ends.</summary>
    Failed = 2,

    /// <summary>It is not valid any more; do not repeat it.</summary>
    Over = 3,
}

/// <summary>
/// Repeats each announcement of this node at an interval, because peers drop records over time and the peers closest to a key change.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">Interval between two announcements of one key; zero for never.</param>
/// <param name="maxKeys">Maximum number of keys. A new key replaces the one that is due next.</param>
internal sealed class Reannouncer(TimeProvider time, TimeSpan interval, int maxKeys = 100_000)
{
    /// <summary>Wait after a failed announcement, unless the interval is shorter.</summary>
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

    /// <summary>Records that a key has just been announced.</summary>
    /// <param name="key">The key; replaces its previous entry.</param>
    /// <param name="again">Repeats the announcement.</param>
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

    /// <summary>Removes all keys.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _entries.Clear();
        }
    }

    /// <summary>Repeats due announcements, one after the other, until cancelled.</summary>
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

    // A key added in the meantime is due after a full interval, so never before the end of this wait.
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
            // The key was announced again or cleared in the meantime, so leave its entry.
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
