using System.Collections.Concurrent;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>
/// Caches values computed from keys, such as the text of an id. A traced lookup names the same hundred peers five hundred times, and base58
/// encoding would be most of the cost of tracing.
/// </summary>
internal sealed class BoundedCache<TKey, TValue>(int capacity, Func<TKey, TValue> make)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, TValue> _made = [];
    private int _count;

    public TValue Get(TKey key)
    {
        if (_made.TryGetValue(key, out var value))
        {
            return value;
        }

        value = make(key);

        // Clearing the whole cache needs no record of recent use, and is rare enough not to matter.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            _made.Clear();
            Interlocked.Exchange(ref _count, 1);
        }

        _made[key] = value;
        return value;
    }
}
