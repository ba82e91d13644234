using System.IO.Hashing;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// The checksum of a packed trace: XXH3 (https://github.com/Cyan4973/xxHash), 64 bits. It notices damage, not intent. Databases have
/// no checksums of their own, or not always.
/// </summary>
internal static class BlobChecksum
{
    /// <summary>Computes it over the list of peers and the packed bytes, as databases store integers.</summary>
    public static long Of(ReadOnlySpan<byte> peers, ReadOnlySpan<byte> data)
    {
        var hash = new XxHash3();
        hash.Append(peers);
        hash.Append(data);
        return (long)hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Compares packed bytes with their checksum; null is not known and passes.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Check(long? expected, byte[]? peers, byte[] data)
    {
        if (expected is { } known && known != Of(peers, data))
        {
            throw new InvalidDataException("A stored trace is damaged: its checksum does not match.");
        }
    }
}
