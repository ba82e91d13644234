using System.Text;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// Judges records of one namespace, the part of the key between the first two slashes
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation). Pure; safe for use from several threads.
/// </summary>
public interface IRecordNamespace
{
    /// <summary>For example <c>ipns</c>.</summary>
    string Name { get; }

    /// <summary>Null when the value is valid for the key now, else what is wrong with it.</summary>
    /// <param name="key">The whole record key, namespace included. Hostile.</param>
    /// <param name="value">The record's value. Hostile.</param>
    string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Positive when the first of two valid values is better, negative when the second is, 0 when they are equal.</summary>
    int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);
}

/// <summary>Judges records by the namespace of their key. A namespace that is not known here makes a record invalid.</summary>
public sealed class RecordValidator
{
    private readonly Dictionary<string, IRecordNamespace> _namespaces;
    private readonly bool _acceptsAll;

    /// <summary>Creates a validator of some namespaces.</summary>
    public RecordValidator(IEnumerable<IRecordNamespace> namespaces) => _namespaces = namespaces.ToDictionary(space => space.Name);

    private RecordValidator()
        : this([]) => _acceptsAll = true;

    /// <summary>Accepts every value under every key, and finds none better than another.</summary>
    public static RecordValidator AcceptAll { get; } = new();

    /// <summary>The validator of the public network, <c>/pk/</c> and <c>/ipns/</c>, with <c>/v/</c> for tests and demonstrations.</summary>
    /// <param name="time">Tells whether a record has expired.</param>
    public static RecordValidator CreateDefault(TimeProvider time) =>
        new([new PublicKeyNamespace(), new IpnsNamespace(time), new TestNamespace()]);

    /// <summary>Null when the value is valid for the key now, else what is wrong with it.</summary>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        _acceptsAll ? null
        : Find(key) is { } space ? space.Validate(key, value)
        : $"no namespace of {string.Join(", ", _namespaces.Keys.Order().Select(name => $"/{name}/"))} begins the key";

    /// <summary>Positive when the first of two valid values is better, negative when the second is, 0 when they are equal.</summary>
    public int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        first.SequenceEqual(second) ? 0 : Find(key)?.Compare(key, first, second) ?? 0;

    private IRecordNamespace? Find(ReadOnlySpan<byte> key)
    {
        if (key.Length < 3 || key[0] != (byte)'/')
        {
            return null;
        }

        var end = key[1..].IndexOf((byte)'/');
        return end > 0 && Ascii.IsValid(key.Slice(1, end))
            ? _namespaces.GetValueOrDefault(Encoding.ASCII.GetString(key.Slice(1, end)))
            : null;
    }
}

/// <summary><c>/pk/</c> and a peer id: the public key of that peer.</summary>
public sealed class PublicKeyNamespace : IRecordNamespace
{
    /// <inheritdoc/>
    public string Name => "pk";

    /// <inheritdoc/>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!RecordKey.TryParsePublicKey(key, out var peer))
        {
            return "what follows /pk/ is no peer id";
        }

        return value.Length is 0 or > 4096 || PeerId.FromPublicKeyProtobuf(value) != peer
            ? "the value is not the public key of the key's peer id"
            : null;
    }

    /// <inheritdoc/>
    public int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => 0;
}

/// <summary>
/// <c>/v/</c> and anything, for tests and demonstrations: every value is valid but an empty one and one that begins with <c>bad</c>;
/// of two values the one that is greater byte by byte is better.
/// </summary>
public sealed class TestNamespace : IRecordNamespace
{
    /// <inheritdoc/>
    public string Name => "v";

    /// <inheritdoc/>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        value.IsEmpty ? "the value is empty"
        : value.StartsWith("bad"u8) ? "the value says that it is bad"
        : null;

    /// <inheritdoc/>
    public int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => first.SequenceCompareTo(second);
}
