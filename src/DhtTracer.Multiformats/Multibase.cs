namespace DhtTracer.Multiformats;

/// <summary>The bases that are read and written, named as in the multibase table; the value is the prefix character.</summary>
public enum MultibaseEncoding
{
    /// <summary>Hexadecimal, lower case.</summary>
    Base16 = 'f',

    /// <summary>Hexadecimal, upper case.</summary>
    Base16Upper = 'F',

    /// <summary>RFC 4648 base32, lower case, without padding: the usual text of a version 1 CID.</summary>
    Base32 = 'b',

    /// <summary>RFC 4648 base32, upper case, without padding.</summary>
    Base32Upper = 'B',

    /// <summary>RFC 4648 base32, lower case, with padding.</summary>
    Base32Pad = 'c',

    /// <summary>RFC 4648 base32, upper case, with padding.</summary>
    Base32PadUpper = 'C',

    /// <summary>RFC 4648 base32hex, lower case, without padding.</summary>
    Base32Hex = 'v',

    /// <summary>RFC 4648 base32hex, upper case, without padding.</summary>
    Base32HexUpper = 'V',

    /// <summary>RFC 4648 base32hex, lower case, with padding.</summary>
    Base32HexPad = 't',

    /// <summary>RFC 4648 base32hex, upper case, with padding.</summary>
    Base32HexPadUpper = 'T',

    /// <summary>Base36, lower case: the usual text of an IPNS name.</summary>
    Base36 = 'k',

    /// <summary>Base36, upper case.</summary>
    Base36Upper = 'K',

    /// <summary>Base58 with Bitcoin's alphabet.</summary>
    Base58Btc = 'z',

    /// <summary>RFC 4648 base64, without padding.</summary>
    Base64 = 'm',

    /// <summary>RFC 4648 base64, with padding.</summary>
    Base64Pad = 'M',

    /// <summary>RFC 4648 base64url, without padding.</summary>
    Base64Url = 'u',

    /// <summary>RFC 4648 base64url, with padding.</summary>
    Base64UrlPad = 'U',
}

/// <summary>
/// Text that says its own base by its first character (<see href="https://github.com/multiformats/multibase"/>).
/// The identity base (a NUL prefix) and bases that CIDs never come in are refused.
/// </summary>
public static class Multibase
{
    /// <summary>Longest text or number of bytes, either way.</summary>
    public const int MaxLength = 4096;

    private const string Hex = "0123456789abcdef";
    private const string Rfc32 = "abcdefghijklmnopqrstuvwxyz234567";
    private const string Rfc32Hex = "0123456789abcdefghijklmnopqrstuv";
    private const string Rfc64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private const string Rfc64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly BitCodec Codec16 = new(Hex, 4, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec16Upper = new(Hex.ToUpperInvariant(), 4, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec32 = new(Rfc32, 5, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec32Upper = new(Rfc32.ToUpperInvariant(), 5, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec32Pad = new(Rfc32, 5, padded: true, ignoreCase: true);
    private static readonly BitCodec Codec32PadUpper = new(Rfc32.ToUpperInvariant(), 5, padded: true, ignoreCase: true);
    private static readonly BitCodec Codec32Hex = new(Rfc32Hex, 5, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec32HexUpper = new(Rfc32Hex.ToUpperInvariant(), 5, padded: false, ignoreCase: true);
    private static readonly BitCodec Codec32HexPad = new(Rfc32Hex, 5, padded: true, ignoreCase: true);
    private static readonly BitCodec Codec32HexPadUpper = new(Rfc32Hex.ToUpperInvariant(), 5, padded: true, ignoreCase: true);
    private static readonly BitCodec Codec64 = new(Rfc64, 6, padded: false, ignoreCase: false);
    private static readonly BitCodec Codec64Pad = new(Rfc64, 6, padded: true, ignoreCase: false);
    private static readonly BitCodec Codec64Url = new(Rfc64Url, 6, padded: false, ignoreCase: false);
    private static readonly BitCodec Codec64UrlPad = new(Rfc64Url, 6, padded: true, ignoreCase: false);

    /// <summary>The text of <paramref name="bytes"/>, prefix included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxLength"/> bytes, or an unknown encoding.</exception>
    public static string Encode(MultibaseEncoding encoding, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxLength, nameof(bytes));
        var text = encoding switch
        {
            MultibaseEncoding.Base58Btc => Base58.Encode(bytes),
            MultibaseEncoding.Base36 => Base36.Encode(bytes),
            MultibaseEncoding.Base36Upper => Base36.Encode(bytes).ToUpperInvariant(),
            _ => (CodecOf(encoding) ?? throw new ArgumentOutOfRangeException(nameof(encoding))).Encode(bytes),
        };
        return (char)encoding + text;
    }

    /// <summary>Reads multibase text. Letters of bases without case may come in either case.</summary>
    /// <param name="text">The text, prefix included.</param>
    /// <param name="bytes">What it says; empty when it fails.</param>
    /// <param name="encoding">The base that the prefix names.</param>
    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes, out MultibaseEncoding encoding)
    {
        bytes = [];
        encoding = default;
        if (text.IsEmpty)
        {
            return MultiformatError.Empty;
        }

        if (text.Length > MaxLength)
        {
            return MultiformatError.TooLong;
        }

        encoding = (MultibaseEncoding)text[0];
        switch (encoding)
        {
            case MultibaseEncoding.Base58Btc:
                return Base58.Decode(text[1..], out bytes);
            case MultibaseEncoding.Base36 or MultibaseEncoding.Base36Upper:
                return Base36.Decode(text[1..], out bytes);
            default:
                return CodecOf(encoding)?.Decode(text[1..], out bytes) ?? MultiformatError.Unsupported;
        }
    }

    /// <summary>Table from ASCII character to digit value; 255 where there is none.</summary>
    internal static byte[] ValueTable(string alphabet, bool ignoreCase)
    {
        var values = new byte[128];
        values.AsSpan().Fill(255);
        for (var i = 0; i < alphabet.Length; i++)
        {
            values[alphabet[i]] = (byte)i;
            if (ignoreCase)
            {
                values[char.ToLowerInvariant(alphabet[i])] = (byte)i;
                values[char.ToUpperInvariant(alphabet[i])] = (byte)i;
            }
        }

        return values;
    }

    private static BitCodec? CodecOf(MultibaseEncoding encoding) =>
        encoding switch
        {
            MultibaseEncoding.Base16 => Codec16,
            MultibaseEncoding.Base16Upper => Codec16Upper,
            MultibaseEncoding.Base32 => Codec32,
            MultibaseEncoding.Base32Upper => Codec32Upper,
            MultibaseEncoding.Base32Pad => Codec32Pad,
            MultibaseEncoding.Base32PadUpper => Codec32PadUpper,
            MultibaseEncoding.Base32Hex => Codec32Hex,
            MultibaseEncoding.Base32HexUpper => Codec32HexUpper,
            MultibaseEncoding.Base32HexPad => Codec32HexPad,
            MultibaseEncoding.Base32HexPadUpper => Codec32HexPadUpper,
            MultibaseEncoding.Base64 => Codec64,
            MultibaseEncoding.Base64Pad => Codec64Pad,
            MultibaseEncoding.Base64Url => Codec64Url,
            MultibaseEncoding.Base64UrlPad => Codec64UrlPad,
            _ => null,
        };
}
