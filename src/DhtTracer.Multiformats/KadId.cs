using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace DhtTracer.Multiformats;

/// <summary>A position in the Kademlia key space: the SHA-256 of a key's bytes, compared by XOR.</summary>
public readonly struct KadId : IEquatable<KadId>
{
    /// <summary>Size of the key space in bits.</summary>
    public const int Bits = 256;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private KadId(ulong a, ulong b, ulong c, ulong d)
    {
        _a = a;
        _b = b;
        _c = c;
        _d = d;
    }

    /// <summary>The id of a key: a peer id's bytes, a CID's multihash bytes, or a record key's bytes.</summary>
    public static KadId Of(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[32];
        _ = SHA256.HashData(key, digest);
        return FromBytes(digest);
    }

    /// <summary>The id of a peer.</summary>
    public static KadId Of(PeerId peer) => Of(peer.Bytes);

    /// <summary>Uses 32 bytes as the id, without hashing.</summary>
    /// <exception cref="ArgumentException">The input is not 32 bytes.</exception>
    public static KadId FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 32
            ? new KadId(
                BinaryPrimitives.ReadUInt64BigEndian(bytes),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[24..])
            )
            : throw new ArgumentException("A Kademlia id has 32 bytes.", nameof(bytes));

    /// <summary>Compares the ids.</summary>
    public static bool operator ==(KadId left, KadId right) => left.Equals(right);

    /// <summary>Compares the ids.</summary>
    public static bool operator !=(KadId left, KadId right) => !left.Equals(right);

    /// <summary>The first 64 bits: the position in the key space as precisely as figures of a network need it.</summary>
    public ulong Leading64 => _a;

    /// <summary>Number of leading bits that both ids share, 0 to 256.</summary>
    public int CommonPrefixLength(KadId other)
    {
        var x = _a ^ other._a;
        if (x != 0)
        {
            return BitOperations.LeadingZeroCount(x);
        }

        x = _b ^ other._b;
        if (x != 0)
        {
            return 64 + BitOperations.LeadingZeroCount(x);
        }

        x = _c ^ other._c;
        return x != 0 ? 128 + BitOperations.LeadingZeroCount(x) : 192 + BitOperations.LeadingZeroCount(_d ^ other._d);
    }

    /// <summary>Bit length of the XOR distance, 0 (the same) to 256: 256 minus the common prefix length.</summary>
    public int XorBitLength(KadId other) => Bits - CommonPrefixLength(other);

    /// <summary>Compares the distances of two ids to this one: negative if <paramref name="x"/> is nearer, 0 if both are equal.</summary>
    public int CompareDistance(KadId x, KadId y)
    {
        var order = (_a ^ x._a).CompareTo(_a ^ y._a);
        if (order == 0)
        {
            order = (_b ^ x._b).CompareTo(_b ^ y._b);
        }

        if (order == 0)
        {
            order = (_c ^ x._c).CompareTo(_c ^ y._c);
        }

        return order == 0 ? (_d ^ x._d).CompareTo(_d ^ y._d) : order;
    }

    /// <summary>The 32 bytes, most significant first.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), _b);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), _c);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), _d);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(KadId other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KadId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}";
}
