using System.Buffers;
using System.Buffers.Binary;

namespace DhtTracer.Multiformats;

/// <summary>
/// A base whose digits do not align with bits. The bytes are one big-endian number, and each leading zero byte is one leading zero digit.
/// Several digits are processed at once as one 32-bit limb. The radix is a constant of the type parameter, so the compiler replaces
/// divisions by multiplications.
/// </summary>
internal static class RadixCodec<TRadix>
    where TRadix : struct, IRadix
{
    /// <summary>Maximum input length. The work grows with its square, so hostile text must not choose it.</summary>
    public const int MaxLength = 4096;

    private const int StackLimbs = 64;

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxLength, nameof(bytes));
        var zeros = 0;
        while (zeros < bytes.Length && bytes[zeros] == 0)
        {
            zeros++;
        }

        var number = bytes[zeros..];

        // A limb holds more than 25 bits (58^5 is 2^29.3, 36^6 is 2^31).
        var capacity = (number.Length * 8 / 25) + 2;
        var rented = capacity > StackLimbs ? ArrayPool<uint>.Shared.Rent(capacity) : null;
        Span<uint> limbs = rented ?? stackalloc uint[StackLimbs];
        var used = 0;
        var head = number.Length % 4;
        ulong word = 0;
        for (var i = 0; i < head; i++)
        {
            word = (word << 8) | number[i];
        }

        if (head > 0)
        {
            used = Add(limbs, used, (uint)word);
        }

        for (var i = head; i < number.Length; i += 4)
        {
            used = Add(limbs, used, BinaryPrimitives.ReadUInt32BigEndian(number[i..]));
        }

        var maxDigits = zeros + (used * TRadix.DigitsPerLimb);
        var rentedChars = maxDigits > 256 ? ArrayPool<char>.Shared.Rent(maxDigits) : null;
        Span<char> digits = rentedChars ?? stackalloc char[256];
        var at = maxDigits;
        for (var i = 0; i < used; i++)
        {
            var limb = limbs[i];
            for (var d = 0; d < TRadix.DigitsPerLimb; d++)
            {
                var quotient = limb / TRadix.Radix;
                digits[--at] = TRadix.Alphabet[(int)(limb - (quotient * TRadix.Radix))];
                limb = quotient;
            }
        }

        // The most significant limb is padded to full width, so remove its leading zeros.
        while (at < maxDigits && digits[at] == TRadix.Alphabet[0])
        {
            at++;
        }

        for (var i = 0; i < zeros; i++)
        {
            digits[--at] = TRadix.Alphabet[0];
        }

        var text = new string(digits[at..maxDigits]);
        if (rented is not null)
        {
            ArrayPool<uint>.Shared.Return(rented);
        }

        if (rentedChars is not null)
        {
            ArrayPool<char>.Shared.Return(rentedChars);
        }

        return text;
    }

    public static MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length > MaxLength)
        {
            return MultiformatError.TooLong;
        }

        var zeros = 0;
        while (zeros < text.Length && text[zeros] == TRadix.Alphabet[0])
        {
            zeros++;
        }

        var digits = text[zeros..];
        var capacity = (digits.Length / 5) + 2;
        var rented = capacity > StackLimbs ? ArrayPool<uint>.Shared.Rent(capacity) : null;
        Span<uint> limbs = rented ?? stackalloc uint[StackLimbs];
        var used = 0;
        var error = MultiformatError.None;
        var position = 0;
        var take = digits.Length % TRadix.DigitsPerLimb;
        if (take == 0)
        {
            take = TRadix.DigitsPerLimb;
        }

        while (position < digits.Length)
        {
            uint chunk = 0;
            for (var end = position + take; position < end; position++)
            {
                var c = digits[position];
                var value = c < 128 ? TRadix.Values[c] : (byte)255;
                if (value == 255)
                {
                    error = MultiformatError.InvalidCharacter;
                    break;
                }

                chunk = (chunk * TRadix.Radix) + value;
            }

            if (error != MultiformatError.None)
            {
                break;
            }

            ulong carry = chunk;
            for (var i = 0; i < used; i++)
            {
                carry += (ulong)limbs[i] * TRadix.LimbRadix;
                limbs[i] = (uint)carry;
                carry >>= 32;
            }

            if (carry > 0)
            {
                limbs[used++] = (uint)carry;
            }

            take = TRadix.DigitsPerLimb;
        }

        if (error == MultiformatError.None)
        {
            bytes = ToBytes(zeros, limbs[..used]);
        }

        if (rented is not null)
        {
            ArrayPool<uint>.Shared.Return(rented);
        }

        return error;
    }

    private static int Add(Span<uint> limbs, int used, uint word)
    {
        ulong carry = word;
        for (var i = 0; i < used; i++)
        {
            carry |= (ulong)limbs[i] << 32;
            var quotient = carry / TRadix.LimbRadix;
            limbs[i] = (uint)(carry - (quotient * TRadix.LimbRadix));
            carry = quotient;
        }

        while (carry > 0)
        {
            var quotient = carry / TRadix.LimbRadix;
            limbs[used++] = (uint)(carry - (quotient * TRadix.LimbRadix));
            carry = quotient;
        }

        return used;
    }

    private static byte[] ToBytes(int zeros, ReadOnlySpan<uint> limbs)
    {
        if (limbs.IsEmpty)
        {
            return new byte[zeros];
        }

        var top = limbs[^1];
        var topBytes =
            top > 0xff_ffff ? 4
            : top > 0xffff ? 3
            : top > 0xff ? 2
            : 1;
        var bytes = new byte[zeros + ((limbs.Length - 1) * 4) + topBytes];
        var at = zeros;
        for (var shift = (topBytes - 1) * 8; shift >= 0; shift -= 8)
        {
            bytes[at++] = (byte)(top >> shift);
        }

        for (var i = limbs.Length - 2; i >= 0; i--, at += 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), limbs[i]);
        }

        return bytes;
    }
}

internal static class RadixAlphabet
{
    /// <summary>Maps each ASCII character to its digit value; 255 if it has none.</summary>
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
}

/// <summary>The constants of a base for <see cref="RadixCodec{TRadix}"/>.</summary>
internal interface IRadix
{
    /// <summary>Number of digits in the alphabet.</summary>
    static abstract uint Radix { get; }

    /// <summary>Number of digits in one 32-bit limb.</summary>
    static abstract int DigitsPerLimb { get; }

    /// <summary>Radix to the power of <see cref="DigitsPerLimb"/>; below 2^32.</summary>
    static abstract ulong LimbRadix { get; }

    /// <summary>The digits in order.</summary>
    static abstract string Alphabet { get; }

    /// <summary>Digit value of each ASCII character; 255 for none.</summary>
    static abstract ReadOnlySpan<byte> Values { get; }
}

internal readonly struct Radix58 : IRadix
{
    private static readonly byte[] ValueTable = RadixAlphabet.ValueTable(Alphabet, ignoreCase: false);

    public static uint Radix => 58;

    public static int DigitsPerLimb => 5;

    public static ulong LimbRadix => 58UL * 58 * 58 * 58 * 58;

    public static string Alphabet => "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    public static ReadOnlySpan<byte> Values => ValueTable;
}

internal readonly struct Radix36 : IRadix
{
    private static readonly byte[] ValueTable = RadixAlphabet.ValueTable(Alphabet, ignoreCase: true);

    public static uint Radix => 36;

    public static int DigitsPerLimb => 6;

    public static ulong LimbRadix => 36UL * 36 * 36 * 36 * 36 * 36;

    public static string Alphabet => "0123456789abcdefghijklmnopqrstuvwxyz";

    public static ReadOnlySpan<byte> Values => ValueTable;
}
