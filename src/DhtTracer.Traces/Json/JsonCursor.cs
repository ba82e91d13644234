using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.Json;

/// <summary>
/// Walks a JSON text forward. Numbers may stand as strings, as proto3's JSON mapping allows (protobuf.dev/programming-guides/json);
/// properties with the value <c>null</c> are passed over as absent; errors name byte and line.
/// </summary>
internal ref struct JsonCursor
{
    private const int DeepestNesting = 256;

    private readonly ReadOnlySpan<byte> data;
    private readonly int baseOffset;
    private readonly string format;
    private readonly Utf8StringCache texts;
    private Utf8JsonReader reader;
    private ReadOnlySpan<byte> name;

    /// <summary>Stands before the first token.</summary>
    /// <param name="data">The text; a byte order mark is passed over.</param>
    /// <param name="format">Name of the format, for errors.</param>
    /// <param name="texts">Cache of repeated strings.</param>
    /// <param name="severalValues">Whether several values may follow one another.</param>
    public JsonCursor(ReadOnlySpan<byte> data, string format, Utf8StringCache texts, bool severalValues = false)
    {
        baseOffset = data.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        this.data = data[baseOffset..];
        this.format = format;
        this.texts = texts;
        reader = new Utf8JsonReader(
            this.data,
            isFinalBlock: true,
            new JsonReaderState(new JsonReaderOptions { MaxDepth = DeepestNesting, AllowMultipleValues = severalValues }));
    }

    /// <summary>Kind of the current token.</summary>
    public readonly JsonTokenType Token => reader.TokenType;

    /// <summary>Where the current token starts.</summary>
    public readonly long Offset => baseOffset + reader.TokenStartIndex;

    /// <summary>Goes to the next token; false at the end of the text.</summary>
    public bool Read() => reader.Read();

    /// <summary>Goes to the next property that is not null and to its value; false at the end of the object.</summary>
    public bool NextProperty()
    {
        while (true)
        {
            ReadRequired();
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                return false;
            }

            name = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(UnescapedText()) : reader.ValueSpan;
            ReadRequired();
            if (reader.TokenType != JsonTokenType.Null)
            {
                return true;
            }
        }
    }

    /// <summary>Goes to the next element; false at the end of the array.</summary>
    public bool NextElement()
    {
        ReadRequired();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Whether the current property has this name.</summary>
    public readonly bool Is(ReadOnlySpan<byte> expected) => name.SequenceEqual(expected);

    /// <summary>Whether the current property has this name, in camel case or as the field is called in the .proto file.</summary>
    public readonly bool Is(ReadOnlySpan<byte> camelCase, ReadOnlySpan<byte> snakeCase) => name.SequenceEqual(camelCase) || name.SequenceEqual(snakeCase);

    /// <summary>Name of the current property.</summary>
    public readonly string GetName() => texts.GetString(name);

    /// <summary>Throws unless an object starts here.</summary>
    public readonly void ExpectObject(string what) => Expect(JsonTokenType.StartObject, what, "an object");

    /// <summary>Throws unless an array starts here.</summary>
    public readonly void ExpectArray(string what) => Expect(JsonTokenType.StartArray, what, "an array");

    /// <summary>Passes over the current value.</summary>
    public void Skip() => reader.Skip();

    /// <summary>The digits of the current number.</summary>
    public readonly string PeekRawText() => Encoding.UTF8.GetString(reader.ValueSpan);

    /// <summary>Passes over the current value and returns its text as it stands.</summary>
    public string SkipAndGetRawText()
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Encoding.UTF8.GetString(data[start..(int)reader.BytesConsumed]);
    }

    /// <summary>A string; what is not valid Unicode becomes U+FFFD.</summary>
    public readonly string GetText(string what)
    {
        Expect(JsonTokenType.String, what, "a string");
        return reader.ValueIsEscaped ? UnescapedText() : texts.GetString(reader.ValueSpan);
    }

    /// <summary>A boolean.</summary>
    public readonly bool GetBool(string what) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String when reader.ValueTextEquals("true"u8) => true,
        JsonTokenType.String when reader.ValueTextEquals("false"u8) => false,
        _ => throw Unexpected(what, "true or false"),
    };

    /// <summary>A signed 64-bit integer, as a number or in a string.</summary>
    public readonly long GetInt64(string what)
    {
        var digits = NumberText(what);
        if (Utf8Parser.TryParse(digits, out long value, out var used) && used == digits.Length)
        {
            return value;
        }

        return TryGetDecimal(digits, out var exact) && exact >= long.MinValue && exact <= long.MaxValue
            ? (long)exact
            : throw Unexpected(what, "an integer of 64 bits");
    }

    /// <summary>An unsigned 64-bit integer, as a number or in a string.</summary>
    public readonly ulong GetUInt64(string what)
    {
        var digits = NumberText(what);
        if (Utf8Parser.TryParse(digits, out ulong value, out var used) && used == digits.Length)
        {
            return value;
        }

        return TryGetDecimal(digits, out var exact) && exact >= 0 && exact <= ulong.MaxValue
            ? (ulong)exact
            : throw Unexpected(what, "an unsigned integer of 64 bits");
    }

    /// <summary>An unsigned 32-bit integer, as a number or in a string.</summary>
    public readonly uint GetUInt32(string what) =>
        GetUInt64(what) is var value and <= uint.MaxValue ? (uint)value : throw Unexpected(what, "an unsigned integer of 32 bits");

    /// <summary>A double, as a number or in a string; <c>"NaN"</c> and <c>"Infinity"</c> are numbers too.</summary>
    public readonly double GetDouble(string what) =>
        double.TryParse(NumberText(what), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Unexpected(what, "a number");

    /// <summary>Bytes in base64, of either alphabet, padded or not.</summary>
    public readonly byte[] GetBytes(string what)
    {
        Expect(JsonTokenType.String, what, "a string of base64");
        if (reader.TryGetBytesFromBase64(out var bytes))
        {
            return bytes;
        }

        var text = GetText(what).Replace('-', '+').Replace('_', '/').TrimEnd('=');
        text = text.PadRight((text.Length + 3) / 4 * 4, '=');
        bytes = new byte[text.Length / 4 * 3];
        return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : throw Unexpected(what, "a string of base64");
    }

    /// <summary>An exception for the current token.</summary>
    public readonly TraceFormatException Error(string problem) => ErrorAt(Offset, problem);

    /// <summary>An exception for a place seen before.</summary>
    public readonly TraceFormatException ErrorAt(long offset, string problem, Exception? cause = null)
    {
        var before = data[..(int)Math.Clamp(offset - baseOffset, 0, data.Length)];
        return new TraceFormatException(format, offset, problem, before.Count((byte)'\n') + 1, cause);
    }

    /// <summary>An exception for what the JSON reader found.</summary>
    public readonly TraceFormatException Wrap(JsonException exception)
    {
        // The reader counts lines and bytes in the line; the sum is the offset.
        var offset = 0;
        for (long line = 0; line < (exception.LineNumber ?? 0) && data[offset..].IndexOf((byte)'\n') is var next and >= 0; line++)
        {
            offset += next + 1;
        }

        // Its sentence ends with the place, which the exception tells in its own way.
        var place = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var problem = (place < 0 ? exception.Message : exception.Message[..place]).TrimEnd('.');
        return ErrorAt(baseOffset + offset + (exception.BytePositionInLine ?? 0), problem, exception);
    }

    /// <summary>An exception for a value of the wrong kind.</summary>
    public readonly TraceFormatException Unexpected(string what, string expected) =>
        Error($"expected {expected} as {what}, found {Shown()}");

    private readonly void Expect(JsonTokenType token, string what, string expected)
    {
        if (reader.TokenType != token)
        {
            throw Unexpected(what, expected);
        }
    }

    private void ReadRequired()
    {
        if (!reader.Read())
        {
            throw ErrorAt(baseOffset + reader.BytesConsumed, "expected more, found the end of the text");
        }
    }

    private readonly ReadOnlySpan<byte> NumberText(string what) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String ? reader.ValueSpan : throw Unexpected(what, "a number");

    private static bool TryGetDecimal(ReadOnlySpan<byte> digits, out decimal value) =>
        decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && decimal.IsInteger(value);

    private readonly string Shown() => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"the string \"{Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(40, reader.ValueSpan.Length)])}\"",
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(40, reader.ValueSpan.Length)]),
        JsonTokenType.Null => "null",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "the end",
    };

    private readonly string UnescapedText()
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8: no reason to lose the whole document.
            return LenientText.Unescape(reader.ValueSpan);
        }
    }
}
