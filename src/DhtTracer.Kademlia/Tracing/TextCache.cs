using System.Collections.Concurrent;

namespace DhtTracer.Kademlia;

/// <summary>
/// Remembers the text of ids and addresses: a traced lookup names the same hundred peers five hundred times, and base58 would be most
/// of what tracing costs.
/// </summary>
internal sealed class TextCache<T>(int capacity, Func<T, string> format)
    where T : notnull
{
    private readonly ConcurrentDictionary<T, string> _texts = [];
    private int _count;

    public string Get(T value)
    {
        if (_texts.TryGetValue(value, out var text))
        {
            return text;
        }

        text = format(value);

        // Forgetting all at once needs no order of use, and happens too seldom to matter.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            _texts.Clear();
            Interlocked.Exchange(ref _count, 1);
        }

        _texts[value] = text;
        return text;
    }
}
