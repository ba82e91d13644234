namespace DhtTracer.Multiformats;

/// <summary>
/// The bases of RFC 4648, whose digits hold 4, 5 or 6 bits. Decoding is strict: spare bits must be zero, and padding must be
/// exactly there or exactly not, so that one value has one text (but for the case of its letters).
/// </summary>
internal sealed class BitCodec(string alphabet, int bits, bool padded, bool ignoreCase)
{
    private readonly byte[] _values = Multibase.ValueTable(alphabet, ignoreCase);

    /// <summary>Digits after which digits and bytes align again.</summary>
    private readonly int _group = bits switch
    {
        4 => 2,
        5 => 8,
        _ => 4,
    };

    public string Encode(ReadOnlySpan<byte> bytes)
    {
        var digits = ((bytes.Length * 8) + bits - 1) / bits;
        var length = padded ? (digits + _group - 1) / _group * _group : digits;
        return string.Create(
            length,
            new EncodeState(bytes, alphabet, bits),
            static (span, state) =>
            {
                var buffer = 0;
                var held = 0;
                var at = 0;
                foreach (var b in state.Bytes)
                {
                    buffer = (buffer << 8) | b;
                    held += 8;
                    while (held >= state.Bits)
                    {
                        held -= state.Bits;
                        span[at++] = state.Alphabet[buffer >> held];
                        buffer &= (1 << held) - 1;
                    }
                }

                if (held > 0)
                {
                    span[at++] = state.Alphabet[buffer << (state.Bits - held)];
                }

                span[at..].Fill('=');
            }
        );
    }

    public MultiformatError Decode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        var digits = text;
        if (padded)
        {
            digits = text.TrimEnd('=');
            if (text.Length % _group != 0 || text.Length - digits.Length >= _group)
            {
                return MultiformatError.InvalidCharacter;
            }
        }

        var spare = digits.Length * bits % 8;
        if (spare >= bits)
        {
            return MultiformatError.Truncated;
        }

        var result = new byte[digits.Length * bits / 8];
        var buffer = 0;
        var held = 0;
        var at = 0;
        foreach (var c in digits)
        {
            var value = c < 128 ? _values[c] : (byte)255;
            if (value == 255)
            {
                return MultiformatError.InvalidCharacter;
            }

            buffer = (buffer << bits) | value;
            held += bits;
            if (held >= 8)
            {
                held -= 8;
                result[at++] = (byte)(buffer >> held);
                buffer &= (1 << held) - 1;
            }
        }

        if (buffer != 0)
        {
            return MultiformatError.InvalidCharacter;
        }

        bytes = result;
        return MultiformatError.None;
    }

    private readonly ref struct EncodeState(ReadOnlySpan<byte> bytes, string alphabet, int bits)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public string Alphabet { get; } = alphabet;

        public int Bits { get; } = bits;
    }
}
