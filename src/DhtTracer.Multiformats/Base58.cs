namespace DhtTracer.Multiformats;

/// <summary>
/// Base58 with Bitcoin's alphabet, the text form of peer ids and version 0 CIDs. A peer id takes well under a microsecond either way,
/// because every peer of every query passes through here.
/// </summary>
public static class Base58
{
    /// <summary>Longest input in bytes or characters, either way.</summary>
    public const int MaxLength = RadixCodec<Radix58>.MaxLength;

    /// <summary>The text of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxLength"/> bytes.</exception>
    public static string Encode(ReadOnlySpan<byte> bytes) => RadixCodec<Radix58>.Encode(bytes);

    /// <summary>Reads base58 text. <paramref name="bytes"/> is empty when it fails.</summary>
    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes) => RadixCodec<Radix58>.Decode(text, out bytes);
}

/// <summary>Base36, without the multibase prefix: the text form of IPNS names after their <c>k</c>, and of keys in js-libp2p's
/// spans.</summary>
public static class Base36
{
    /// <summary>Longest input in bytes or characters, either way.</summary>
    public const int MaxLength = RadixCodec<Radix36>.MaxLength;

    /// <summary>The lower-case text of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxLength"/> bytes.</exception>
    public static string Encode(ReadOnlySpan<byte> bytes) => RadixCodec<Radix36>.Encode(bytes);

    /// <summary>Reads base36 text in either case. <paramref name="bytes"/> is empty when it fails.</summary>
    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes) => RadixCodec<Radix36>.Decode(text, out bytes);
}
