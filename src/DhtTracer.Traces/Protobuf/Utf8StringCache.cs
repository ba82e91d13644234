using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Protobuf;

/// <summary>
/// Returns the same string object for the same bytes, because attribute keys and peer ids repeat in nearly every span. A direct-mapped
/// table of fixed size: a collision replaces the entry, so hostile input costs no more than having no cache. Only ASCII is cached.
/// </summary>
internal sealed class Utf8StringCache
{
    private const int LongestKept = 256;

    private const int Within = 16;

    private readonly StringValue?[] _entries;

    /// <summary>Makes a cache.</summary>
    /// <param name="size">Number of strings; a power of two.</param>
    public Utf8StringCache(int size) => _entries = new StringValue?[size];

    /// <summary>Returns these bytes as a string. Invalid UTF-8 becomes U+FFFD.</summary>
    public string GetString(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? "" : GetValue(utf8).Value;

    /// <summary>Returns these bytes as an attribute value.</summary>
    public StringValue GetValue(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestKept)
        {
            return new StringValue(Encoding.UTF8.GetString(utf8));
        }

        ref var entry = ref _entries[Hash(utf8) & (uint)(_entries.Length - 1)];
        if (entry is { } known && known.Value.Length == utf8.Length && Ascii.Equals(utf8, known.Value))
        {
            return known;
        }

        return entry = new StringValue(Encoding.UTF8.GetString(utf8));
    }

    // Hashes the length and the first and last eight bytes: peer ids begin alike and differ at the end. Texts such as "{12D3KooW…:
    // [/ip4/192.0.2.1/tcp/4001]}" also end alike, so eight bytes count that lie within the peer id.
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        ulong first;
        ulong last;
        if (bytes.Length >= 8)
        {
            first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            last = BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]);
        }
        else
        {
            first = 0;
            foreach (var part in bytes)
            {
                first = (first << 8) | part;
            }

            last = 0;
        }

        if (bytes.Length >= Within + 8)
        {
            first ^= BitOperations.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(bytes[Within..]), 41);
        }

        // Keys such as closer-10 and closer-11 differ only in their highest byte. Multiplying carries only upwards, so fold first.
        var mixed = first ^ BitOperations.RotateLeft(last, 23) ^ ((ulong)bytes.Length * 0x9E3779B97F4A7C15UL);
        mixed = (mixed ^ (mixed >> 32)) * 0xC2B2AE3D27D4EB4FUL;
        mixed = (mixed ^ (mixed >> 29)) * 0x9E3779B97F4A7C15UL;
        return (uint)(mixed >> 32);
    }
}
