using System.Globalization;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Records;

/// <summary>Value records in memory, each kept for a limited time. Thread-safe.</summary>
public sealed class ValueStore(RecordValidator validator, TimeProvider time, TimeSpan lifetime, RecordStoreLimits? limits = null)
{
    /// <summary>Maximum size of a value, in bytes. The largest records in use, IPNS, have at most 10 KiB.</summary>
    public const int MaxValueBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<BytesKey, Entry> _records = [];
    private readonly RecordStoreLimits _limits = limits ?? new RecordStoreLimits();

    /// <summary>Number of records, including expired ones until the next sweep.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>Stores a value unless it is invalid or worse than the stored one. Returns the problem, or null.</summary>
    public string? Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxValueBytes)
        {
            return $"the value has {value.Length} bytes, at most {MaxValueBytes} are stored";
        }

        if (validator.Validate(key, value) is { } wrong)
        {
            return wrong;
        }

        var now = time.GetUtcNow();
        var name = new BytesKey(key.ToArray());
        var record = new KadRecord(
            name.Bytes,
            value.ToArray(),
            now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)
        );
        lock (_lock)
        {
            if (_records.TryGetValue(name, out var known))
            {
                if (
                    known.ExpiresAt > now
                    && validator.Validate(key, known.Record.Value.Span) is null
                    && validator.Compare(key, known.Record.Value.Span, value) > 0
                )
                {
                    return "a better record is stored";
                }
            }
            else if (_records.Count >= _limits.MaxKeys)
            {
                _records.Remove(_records.MinBy(pair => pair.Value.ExpiresAt).Key);
            }

            _records[name] = new Entry(record, now + lifetime);
            return null;
        }
    }

    /// <summary>The record of a key if it is stored and still valid, else null.</summary>
    public KadRecord? Get(ReadOnlySpan<byte> key)
    {
        Entry? entry;
        lock (_lock)
        {
            entry = _records.GetValueOrDefault(new BytesKey(key.ToArray()));
        }

        return entry is not null && entry.ExpiresAt > time.GetUtcNow() && validator.Validate(key, entry.Record.Value.Span) is null
            ? entry.Record
            : null;
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _records.Clear();
        }
    }

    /// <summary>Removes expired records and returns their number.</summary>
    public int Sweep()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var expired = _records.Where(pair => pair.Value.ExpiresAt <= now).Select(pair => pair.Key).ToList();
            expired.ForEach(name => _records.Remove(name));
            return expired.Count;
        }
    }

    private sealed record Entry(KadRecord Record, DateTimeOffset ExpiresAt);
}
