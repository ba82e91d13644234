using System.Collections.Concurrent;

namespace DhtTracer.Kademlia;

/// <summary>
/// Remembers what was made of a value, such as the text of an id: a traced lookup names the same hundred peers five hundred times, and
/// base58 would be most of what tracing costs.
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

        // Forgetting all at once needs no order of use, and happens too seldom to matter.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            _made.Clear();
            Interlocked.Exchange(ref _count, 1);
        }

        _made[key] = value;
        return value;
    }
}
