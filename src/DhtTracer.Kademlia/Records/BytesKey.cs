namespace DhtTracer.Kademlia.Records;

/// <summary>Bytes as a key of a dictionary.</summary>
internal readonly struct BytesKey(byte[] bytes) : IEquatable<BytesKey>
{
    private readonly byte[] _bytes = bytes;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    public bool Equals(BytesKey other) => _bytes.AsSpan().SequenceEqual(other._bytes);

    public override bool Equals(object? obj) => obj is BytesKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }
}
