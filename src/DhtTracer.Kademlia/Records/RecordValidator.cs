using System.Text;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Records;

/// <summary>
/// Validates records of one namespace, the part of the key between the first two slashes
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation). Pure and thread-safe.
/// </summary>
public interface IRecordNamespace
{
    /// <summary>The name, for example <c>ipns</c>.</summary>
    string Name { get; }

    /// <summary>Returns null if the value is currently valid for the key, else the problem.</summary>
    /// <param name="key">The whole record key, including the namespace. Hostile.</param>
    /// <param name="value">The record's value. Hostile.</param>
    string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Compares two valid values: positive if the first is better, negative if the second is, 0 if they are equal.</summary>
    int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);
}

/// <summary>Validates records by the namespace of their key. A record of an unknown namespace is invalid.</summary>
public sealed class RecordValidator
{
    private readonly Dictionary<string, IRecordNamespace> _namespaces;
    private readonly bool _acceptsAll;

    /// <summary>Creates a validator for the given namespaces.</summary>
    public RecordValidator(IEnumerable<IRecordNamespace> namespaces) => _namespaces = namespaces.ToDictionary(space => space.Name);

    private RecordValidator()
        : this([]) => _acceptsAll = true;

    /// <summary>Accepts every value under every key, and ranks none above another.</summary>
    public static RecordValidator AcceptAll { get; } = new();

    /// <summary>The validator of the public network, <c>/pk/</c> and <c>/ipns/</c>, with <c>/v/</c> for tests and demonstrations.</summary>
    /// <param name="time">The clock that decides whether a record has expired.</param>
    public static RecordValidator CreateDefault(TimeProvider time) =>
        new([new PublicKeyNamespace(), new IpnsNamespace(time), new TestNamespace()]);

    /// <summary>Returns null if the value is currently valid for the key, else the problem.</summary>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        _acceptsAll ? null
        : Find(key) is { } space ? space.Validate(key, value)
        : $"no namespace of {string.Join(", ", _namespaces.Keys.Order().Select(name => $"/{name}/"))} begins the key";

    /// <summary>Compares two valid values: positive if the first is better, negative if the second is, 0 if they are equal.</summary>
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

/// <summary>Keys of <c>/pk/</c> and a peer id. The value is the public key of that peer.</summary>
public sealed class PublicKeyNamespace : IRecordNamespace
{
    /// <inheritdoc/>
    public string Name => "pk";

    /// <inheritdoc/>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!RecordKey.TryParsePublicKey(key, out var peer))
        {
            return "the bytes after /pk/ are not a peer id";
        }

        return value.Length is 0 or > 4096 || PeerId.FromPublicKeyProtobuf(value) != peer
            ? "the value is not the public key of the key's peer id"
            : null;
    }

    /// <inheritdoc/>
    public int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => 0;
}

/// <summary>
/// Keys of <c>/v/</c> and anything, for tests and demonstrations. A value is valid unless it is empty or begins with <c>bad</c>. The value
/// that is greater byte by byte is better.
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
