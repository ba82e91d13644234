using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// A prefix of Kademlia ids, 0 to 64 bits long: a part of the key space. Positions are the first 64 bits of an id. Prefixes sort by where
/// they begin, a longer one after a shorter one.
/// </summary>
public readonly record struct KeyPrefix : IComparable<KeyPrefix>
{
    /// <summary>Longest prefix, in bits.</summary>
    public const int MaxLength = 64;

    /// <summary>Makes a prefix of the first bits of a position.</summary>
    /// <param name="position">The first 64 bits of an id. Bits after the prefix are ignored.</param>
    /// <param name="length">Number of bits, 0 to 64.</param>
    public KeyPrefix(ulong position, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        First = length == 0 ? 0 : position & (ulong.MaxValue << (MaxLength - length));
        Length = length;
    }

    /// <summary>The whole key space.</summary>
    public static KeyPrefix Everything => default;

    /// <summary>The first position of this part.</summary>
    public ulong First { get; }

    /// <summary>The last position of this part.</summary>
    public ulong Last => Length == 0 ? ulong.MaxValue : First | (Length == MaxLength ? 0 : ulong.MaxValue >> Length);

    /// <summary>Number of bits.</summary>
    public int Length { get; }

    /// <summary>Where it begins, as a share of the key space, 0 to 1.</summary>
    public double Start => First / Math.Pow(2, MaxLength);

    /// <summary>Its share of the key space, 0 to 1.</summary>
    public double Share => Math.Pow(2, -Length);

    /// <summary>The half with the next bit 0.</summary>
    public KeyPrefix Left => new(First, Length + 1);

    /// <summary>The half with the next bit 1.</summary>
    public KeyPrefix Right => new(First | (1UL << (MaxLength - 1 - Length)), Length + 1);

    /// <summary>The prefix that differs in the last bit only. The whole key space has none.</summary>
    public KeyPrefix Sibling => new(First ^ (1UL << (MaxLength - Length)), Length);

    /// <summary>The position of a key: the first 64 bits of the SHA-256 of its bytes.</summary>
    public static ulong PositionOf(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[32];
        _ = SHA256.HashData(key, digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    /// <summary>Reads text of zeros and ones; null if it is something else or longer than 64.</summary>
    public static KeyPrefix? Parse(string? bits)
    {
        if (bits is not { Length: <= MaxLength } || bits.AsSpan().ContainsAnyExcept('0', '1'))
        {
            return null;
        }

        ulong position = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            position |= bits[i] == '1' ? 1UL << (MaxLength - 1 - i) : 0;
        }

        return new KeyPrefix(position, bits.Length);
    }

    /// <summary>The longest prefix of both.</summary>
    public KeyPrefix Common(KeyPrefix other) =>
        new(First, Math.Min(Math.Min(Length, other.Length), BitOperations.LeadingZeroCount(First ^ other.First)));

    /// <summary>Whether a position is in this part.</summary>
    public bool Contains(ulong position) => new KeyPrefix(position, Length).First == First;

    /// <summary>Whether the other part is this one or lies inside it.</summary>
    public bool Contains(KeyPrefix other) => other.Length >= Length && Contains(other.First);

    /// <summary>Whether one part contains the other.</summary>
    public bool Overlaps(KeyPrefix other) => Contains(other) || other.Contains(this);

    /// <inheritdoc/>
    public int CompareTo(KeyPrefix other) => First != other.First ? First.CompareTo(other.First) : Length.CompareTo(other.Length);

    /// <summary>Whether <paramref name="left"/> sorts before <paramref name="right"/>.</summary>
    public static bool operator <(KeyPrefix left, KeyPrefix right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> sorts after <paramref name="right"/>.</summary>
    public static bool operator >(KeyPrefix left, KeyPrefix right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not sort after <paramref name="right"/>.</summary>
    public static bool operator <=(KeyPrefix left, KeyPrefix right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not sort before <paramref name="right"/>.</summary>
    public static bool operator >=(KeyPrefix left, KeyPrefix right) => left.CompareTo(right) >= 0;

    /// <summary>The bits as text; empty for the whole key space.</summary>
    public override string ToString() =>
        string.Create(
            Length,
            First,
            static (text, bits) =>
            {
                for (var i = 0; i < text.Length; i++)
                {
                    text[i] = (bits & (1UL << (MaxLength - 1 - i))) == 0 ? '0' : '1';
                }
            }
        );
}
