using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Records;

/// <summary>Limits of a store of records.</summary>
/// <param name="MaxKeys">Maximum number of keys. A new key replaces the one that expires first.</param>
/// <param name="MaxPerKey">Maximum number of providers per key. A new one replaces the one that expires first.</param>
public sealed record RecordStoreLimits(int MaxKeys = 100_000, int MaxPerKey = 1000);

/// <summary>Provider records in memory, each kept for a limited time. Thread-safe.</summary>
public sealed class ProviderStore(TimeProvider time, TimeSpan lifetime, RecordStoreLimits? limits = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BytesKey, Dictionary<PeerId, Entry>> _keys = [];
    private readonly RecordStoreLimits _limits = limits ?? new RecordStoreLimits();

    /// <summary>Number of keys, including expired ones until the next sweep.</summary>
    public int KeyCount
    {
        get
        {
            lock (_lock)
            {
                return _keys.Count;
            }
        }
    }

    /// <summary>Adds a provider, or renews it.</summary>
    public void Add(ReadOnlySpan<byte> key, KadPeer provider)
    {
        var name = new BytesKey(key.ToArray());
        var entry = new Entry(provider, time.GetUtcNow() + lifetime);
        lock (_lock)
        {
            if (!_keys.TryGetValue(name, out var providers))
            {
                if (_keys.Count >= _limits.MaxKeys)
                {
                    _keys.Remove(_keys.MinBy(pair => pair.Value.Values.Max(known => known.ExpiresAt)).Key);
                }

                _keys.Add(name, providers = []);
            }

            if (providers.Count >= _limits.MaxPerKey && !providers.ContainsKey(provider.Id))
            {
                providers.Remove(providers.MinBy(pair => pair.Value.ExpiresAt).Key);
            }

            providers[provider.Id] = entry;
        }
    }

    /// <summary>The providers of a key that have not expired, latest first.</summary>
    public IReadOnlyList<KadPeer> Get(ReadOnlySpan<byte> key)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            return _keys.TryGetValue(new BytesKey(key.ToArray()), out var providers)
                ?
                [
                    .. providers
                        .Values.Where(entry => entry.ExpiresAt > now)
                        .OrderByDescending(entry => entry.ExpiresAt)
                        .Select(entry => entry.Provider),
                ]
                : [];
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _keys.Clear();
        }
    }

    /// <summary>Removes expired records and returns their number.</summary>
    public int Sweep()
    {
        var now = time.GetUtcNow();
        var removed = 0;
        lock (_lock)
        {
            foreach (var (name, providers) in _keys.ToList())
            {
                foreach (var expired in providers.Where(pair => pair.Value.ExpiresAt <= now).ToList())
                {
                    providers.Remove(expired.Key);
                    removed++;
                }

                if (providers.Count == 0)
                {
                    _keys.Remove(name);
                }
            }
        }

        return removed;
    }

    private sealed record Entry(KadPeer Provider, DateTimeOffset ExpiresAt);
}
