using System.Buffers;
using System.Buffers.Text;
using SimpleBase;

namespace DhtTracer.Multiformats;

/// <summary>
/// The bases of RFC 4648, whose digits hold 4, 5 or 6 bits. The framework decodes hex and base64, SimpleBase decodes base32; each tolerates
/// white space, spare bits and padding in its own way. Decoding here is strict, so each value has exactly one text (except for the case of
/// letters): encoding the result must give the input again.
/// </summary>
internal static class Rfc4648
{
    private static readonly SearchValues<char> Alphanumeric = SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>Whether the encoding is one of these bases.</summary>
    public static bool Has(MultibaseEncoding encoding) => Bits(encoding) != 0;

    public static string Encode(MultibaseEncoding encoding, ReadOnlySpan<byte> bytes) =>
        encoding switch
        {
            MultibaseEncoding.Base16 => Convert.ToHexStringLower(bytes),
            MultibaseEncoding.Base16Upper => Convert.ToHexString(bytes),
            MultibaseEncoding.Base32 => Base32Of(encoding).Encode(bytes, padding: false).ToLowerInvariant(),
            MultibaseEncoding.Base32Upper => Base32Of(encoding).Encode(bytes, padding: false),
            MultibaseEncoding.Base32Pad => Base32Of(encoding).Encode(bytes, padding: true).ToLowerInvariant(),
            MultibaseEncoding.Base32PadUpper => Base32Of(encoding).Encode(bytes, padding: true),
            MultibaseEncoding.Base32Hex => Base32Of(encoding).Encode(bytes, padding: false).ToLowerInvariant(),
            MultibaseEncoding.Base32HexUpper => Base32Of(encoding).Encode(bytes, padding: false),
            MultibaseEncoding.Base32HexPad => Base32Of(encoding).Encode(bytes, padding: true).ToLowerInvariant(),
            MultibaseEncoding.Base32HexPadUpper => Base32Of(encoding).Encode(bytes, padding: true),
            MultibaseEncoding.Base64 => Convert.ToBase64String(bytes).TrimEnd('='),
            MultibaseEncoding.Base64Pad => Convert.ToBase64String(bytes),
            MultibaseEncoding.Base64Url => Base64Url.EncodeToString(bytes),
            MultibaseEncoding.Base64UrlPad => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_'),
            _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
        };

    /// <summary>Decodes text in one of these bases. <paramref name="bytes"/> is empty on error.</summary>
    public static MultiformatError Decode(MultibaseEncoding encoding, ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        var digits = text.TrimEnd('=');
        var bits = Bits(encoding);
        if (digits.Length * bits % 8 >= bits)
        {
            return MultiformatError.Truncated; // a digit more than whole bytes need
        }

        var result = new byte[digits.Length * bits / 8];
        var written = 0;
        // SimpleBase's TryDecode throws IndexOutOfRangeException for some invalid characters.
        var done = bits switch
        {
            4 => Convert.FromHexString(digits, result, out _, out written) == OperationStatus.Done,
            5 => !digits.ContainsAnyExcept(Alphanumeric) && Base32Of(encoding).TryDecode(digits, result, out written),
            _ => Base64Url.DecodeFromChars(UrlDigits(encoding, digits), result, out _, out written) == OperationStatus.Done,
        };
        var comparison = bits == 6 ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (!done || written != result.Length || !text.Equals(Encode(encoding, result), comparison))
        {
            return MultiformatError.InvalidCharacter;
        }

        bytes = result;
        return MultiformatError.None;
    }

    private static Base32 Base32Of(MultibaseEncoding encoding) =>
        encoding
            is MultibaseEncoding.Base32
                or MultibaseEncoding.Base32Upper
                or MultibaseEncoding.Base32Pad
                or MultibaseEncoding.Base32PadUpper
            ? Base32.Rfc4648
            : Base32.ExtendedHex;

    /// <summary>The framework decodes unpadded base64 only in the URL alphabet.</summary>
    private static ReadOnlySpan<char> UrlDigits(MultibaseEncoding encoding, ReadOnlySpan<char> digits)
    {
        if (encoding is MultibaseEncoding.Base64Url or MultibaseEncoding.Base64UrlPad)
        {
            return digits;
        }

        var result = digits.ToArray();
        result.AsSpan().Replace('+', '-');
        result.AsSpan().Replace('/', '_');
        return result;
    }

    /// <summary>Bits per digit; 0 for other bases.</summary>
    private static int Bits(MultibaseEncoding encoding) =>
        encoding switch
        {
            MultibaseEncoding.Base16 or MultibaseEncoding.Base16Upper => 4,
            MultibaseEncoding.Base32
            or MultibaseEncoding.Base32Upper
            or MultibaseEncoding.Base32Pad
            or MultibaseEncoding.Base32PadUpper
            or MultibaseEncoding.Base32Hex
            or MultibaseEncoding.Base32HexUpper
            or MultibaseEncoding.Base32HexPad
            or MultibaseEncoding.Base32HexPadUpper => 5,
            MultibaseEncoding.Base64 or MultibaseEncoding.Base64Pad or MultibaseEncoding.Base64Url or MultibaseEncoding.Base64UrlPad => 6,
            _ => 0,
        };
}
