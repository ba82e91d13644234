namespace DhtTracer.Multiformats;

/// <summary>The supported bases, named as in the multibase table. The value is the prefix character.</summary>
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
/// Text whose first character names its base (<see href="https://github.com/multiformats/multibase"/>). Refuses the identity base (a NUL
/// prefix) and bases that CIDs never use.
/// </summary>
public static class Multibase
{
    /// <summary>Maximum length in characters or bytes.</summary>
    public const int MaxLength = 4096;

    /// <summary>Encodes <paramref name="bytes"/>, with the prefix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more than <see cref="MaxLength"/> bytes, or the encoding is
    /// unknown.</exception>
    public static string Encode(MultibaseEncoding encoding, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxLength, nameof(bytes));
        var text = encoding switch
        {
            MultibaseEncoding.Base58Btc => Base58.Encode(bytes),
            MultibaseEncoding.Base36 => Base36.Encode(bytes),
            MultibaseEncoding.Base36Upper => Base36.Encode(bytes).ToUpperInvariant(),
            _ => Rfc4648.Encode(encoding, bytes),
        };
        return (char)encoding + text;
    }

    /// <summary>Decodes multibase text. Bases that ignore case accept letters in either case.</summary>
    /// <param name="text">The text, prefix included.</param>
    /// <param name="bytes">The decoded bytes; empty on error.</param>
    /// <param name="encoding">The base given by the prefix.</param>
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
                return Rfc4648.Has(encoding) ? Rfc4648.Decode(encoding, text[1..], out bytes) : MultiformatError.Unsupported;
        }
    }
}
