using System.Collections;
using System.Collections.Immutable;

namespace DhtTracer.Traces.Model;

/// <summary>Attributes in the order sent, repeated keys included. Compared by content.</summary>
public sealed class AttributeList : IReadOnlyList<KeyValuePair<string, AttributeValue>>, IEquatable<AttributeList>
{
    private readonly ImmutableArray<KeyValuePair<string, AttributeValue>> _items;
    private int _hash;

    /// <summary>Wraps the items.</summary>
    public AttributeList(ImmutableArray<KeyValuePair<string, AttributeValue>> items) => _items = items.IsDefault ? [] : items;

    public static AttributeList Empty { get; } = new([]);

    /// <summary>Makes a list of pairs.</summary>
    public static AttributeList Of(params IEnumerable<(string Key, AttributeValue Value)> items) =>
        new([.. items.Select(item => KeyValuePair.Create(item.Key, item.Value))]);

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, AttributeValue> this[int index] => _items[index];

    /// <summary>The first value of a key, or null. Searches linearly, because lists are short.</summary>
    public AttributeValue? this[string key]
    {
        get
        {
            foreach (var item in _items)
            {
                if (item.Key == key)
                {
                    return item.Value;
                }
            }

            return null;
        }
    }

    /// <summary>The first value of a key if it is a string, else null.</summary>
    public string? GetString(string key) => this[key]?.AsString();

    /// <summary>The items as a span, without allocation.</summary>
    public ReadOnlySpan<KeyValuePair<string, AttributeValue>> AsSpan() => _items.AsSpan();

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, AttributeValue>> GetEnumerator() =>
        ((IEnumerable<KeyValuePair<string, AttributeValue>>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(AttributeList? other) => other is not null && _items.AsSpan().SequenceEqual(other._items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AttributeList);

    /// <summary>
    /// Hashes all keys and values, once. A weaker hash would collide: thousands of nodes have resources that differ in only one value.
    /// </summary>
    public override int GetHashCode()
    {
        if (_hash == 0 && _items.Length > 0)
        {
            var all = default(HashCode);
            foreach (var item in _items)
            {
                all.Add(item.Key);
                all.Add(item.Value);
            }

            _hash = all.ToHashCode();
        }

        return _hash;
    }
}
