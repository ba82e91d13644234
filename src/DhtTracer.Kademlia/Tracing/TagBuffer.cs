using System.Collections;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>
/// Collects the attributes of the next span: setting them all at once costs half of setting them one by one. One buffer serves a whole
/// query and is its own enumerator, so it does not allocate. Only one reader at a time can use it.
/// </summary>
internal sealed class TagBuffer : IEnumerable<KeyValuePair<string, object?>>, IEnumerator<KeyValuePair<string, object?>>
{
    private readonly List<KeyValuePair<string, object?>> _tags = new(16);
    private int _position;

    public KeyValuePair<string, object?> Current => _tags[_position];

    object IEnumerator.Current => Current;

    public void Add(string key, object value) => _tags.Add(new(key, value));

    /// <summary>Adds a value unless it is unknown.</summary>
    public void AddKnown(string key, object? value)
    {
        if (value is not null)
        {
            Add(key, value);
        }
    }

    public void Clear() => _tags.Clear();

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        Reset();
        return this;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public bool MoveNext() => ++_position < _tags.Count;

    public void Reset() => _position = -1;

    public void Dispose() { }
}
