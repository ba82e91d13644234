namespace DhtTracer.Multiformats;

/// <summary>
/// Base58 with Bitcoin's alphabet, the text form of peer ids and version 0 CIDs. It is fast (well under a microsecond per peer id), because
/// every peer of every query is converted.
/// </summary>
public static class Base58
{
    /// <summary>Maximum input in bytes or characters.</summary>
    public const int MaxLength = RadixCodec<Radix58>.MaxLength;

    /// <exception cref="ArgumentOutOfRangeException">The input is longer than <see cref="MaxLength"/> bytes.</exception>
    public static string Encode(ReadOnlySpan<byte> bytes) => RadixCodec<Radix58>.Encode(bytes);

    /// <summary>Decodes base58 text. <paramref name="bytes"/> is empty on error.</summary>
    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes) => RadixCodec<Radix58>.Decode(text, out bytes);
}

/// <summary>
/// Base36, without the multibase prefix: the text form of IPNS names after their <c>k</c>, and of keys in js-libp2p's spans.
/// </summary>
public static class Base36
{
    /// <summary>Maximum input in bytes or characters.</summary>
    public const int MaxLength = RadixCodec<Radix36>.MaxLength;

    /// <summary>Encodes <paramref name="bytes"/> in lower case.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input is longer than <see cref="MaxLength"/> bytes.</exception>
    public static string Encode(ReadOnlySpan<byte> bytes) => RadixCodec<Radix36>.Encode(bytes);

    /// <summary>Decodes base36 text in either case. <paramref name="bytes"/> is empty on error.</summary>
    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes) => RadixCodec<Radix36>.Decode(text, out bytes);
}
