using System.Buffers.Binary;
using System.Security.Cryptography;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>What the columns hold that are made from ids, keys and times.</summary>
internal static class TraceKey
{
    /// <summary>Characters of a key that an index holds.</summary>
    public const int SortLength = 300;

    /// <summary>The hash of a trace: the distribution column.</summary>
    public static int Hash(TraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        id.WriteBytes(bytes);
        SHA256.HashData(bytes, digest);
        return BinaryPrimitives.ReadInt32BigEndian(digest);
    }

    /// <summary>The UTC day of a time in nanoseconds since 1970-01-01 UTC.</summary>
    public static DateOnly Day(long unixNano) => DateOnly.FromDateTime(DateTime.UnixEpoch.AddTicks(unixNano / 100));

    /// <summary>What indexes hold in place of the bytes of a key.</summary>
    public static byte[] Digest(ReadOnlySpan<byte> key) => SHA256.HashData(key)[..16];

    /// <summary>What lists sort a key by.</summary>
    public static string Sort(string text)
    {
        var whole = PostgresText.Of(text);
        return whole.Length <= SortLength ? whole
            : char.IsHighSurrogate(whole[SortLength - 1]) ? whole[..(SortLength - 1)]
            : whole[..SortLength];
    }
}
