using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.Json;

/// <summary>
/// Reads a JSON text forward. Numbers may be strings, as proto3's JSON mapping allows (protobuf.dev/programming-guides/json). Properties
/// with the value <c>null</c> count as absent. Errors give the byte and the line.
/// </summary>
internal ref struct JsonCursor
{
    private const int DeepestNesting = 256;

    private readonly ReadOnlySpan<byte> _data;
    private readonly int _baseOffset;
    private readonly string _format;
    private readonly Utf8StringCache _texts;
    private Utf8JsonReader _reader;
    private ReadOnlySpan<byte> _name;

    /// <summary>Starts before the first token.</summary>
    /// <param name="data">The text; a byte order mark is skipped.</param>
    /// <param name="format">Name of the format, for errors.</param>
    /// <param name="texts">Cache of repeated strings.</param>
    /// <param name="severalValues">Whether several top-level values may follow one another.</param>
    public JsonCursor(ReadOnlySpan<byte> data, string format, Utf8StringCache texts, bool severalValues = false)
    {
        _baseOffset = data.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        _data = data[_baseOffset..];
        _format = format;
        _texts = texts;
        _reader = new Utf8JsonReader(
            _data,
            isFinalBlock: true,
            new JsonReaderState(new JsonReaderOptions { MaxDepth = DeepestNesting, AllowMultipleValues = severalValues })
        );
    }

    /// <summary>Kind of the current token.</summary>
    public readonly JsonTokenType Token => _reader.TokenType;

    /// <summary>Offset of the current token.</summary>
    public readonly long Offset => _baseOffset + _reader.TokenStartIndex;

    /// <summary>Moves to the next token; false at the end of the text.</summary>
    public bool Read() => _reader.Read();

    /// <summary>Moves to the next property that is not null, and to its value; false at the end of the object.</summary>
    public bool NextProperty()
    {
        while (true)
        {
            ReadRequired();
            if (_reader.TokenType == JsonTokenType.EndObject)
            {
                return false;
            }

            _name = _reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(UnescapedText()) : _reader.ValueSpan;
            ReadRequired();
            if (_reader.TokenType != JsonTokenType.Null)
            {
                return true;
            }
        }
    }

    /// <summary>Moves to the next element; false at the end of the array.</summary>
    public bool NextElement()
    {
        ReadRequired();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Whether the current property has this name.</summary>
    public readonly bool Is(ReadOnlySpan<byte> expected) => _name.SequenceEqual(expected);

    /// <summary>Whether the current property has this name, in camel case or as in the .proto file.</summary>
    public readonly bool Is(ReadOnlySpan<byte> camelCase, ReadOnlySpan<byte> snakeCase) =>
        _name.SequenceEqual(camelCase) || _name.SequenceEqual(snakeCase);

    /// <summary>Name of the current property.</summary>
    public readonly string GetName() => _texts.GetString(_name);

    /// <summary>Throws unless an object starts here.</summary>
    public readonly void ExpectObject(string what) => Expect(JsonTokenType.StartObject, what, "an object");

    /// <summary>Throws unless an array starts here.</summary>
    public readonly void ExpectArray(string what) => Expect(JsonTokenType.StartArray, what, "an array");

    /// <summary>Skips the current value.</summary>
    public void Skip() => _reader.Skip();

    /// <summary>The digits of the current number.</summary>
    public readonly string PeekRawText() => Encoding.UTF8.GetString(_reader.ValueSpan);

    /// <summary>Skips the current value and returns its raw text.</summary>
    public string SkipAndGetRawText()
    {
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return Encoding.UTF8.GetString(_data[start..(int)_reader.BytesConsumed]);
    }

    /// <summary>Reads a string. Invalid Unicode becomes U+FFFD.</summary>
    public readonly string GetText(string what)
    {
        Expect(JsonTokenType.String, what, "a string");
        return _reader.ValueIsEscaped ? UnescapedText() : _texts.GetString(_reader.ValueSpan);
    }

    /// <summary>A boolean.</summary>
    public readonly bool GetBool(string what) =>
        _reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.String when _reader.ValueTextEquals("true"u8) => true,
            JsonTokenType.String when _reader.ValueTextEquals("false"u8) => false,
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
        if (_reader.TryGetBytesFromBase64(out var bytes))
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
        var before = _data[..(int)Math.Clamp(offset - _baseOffset, 0, _data.Length)];
        return new TraceFormatException(_format, offset, problem, before.Count((byte)'\n') + 1, cause);
    }

    /// <summary>An exception for what the JSON reader found.</summary>
    public readonly TraceFormatException Wrap(JsonException exception)
    {
        // The reader counts lines, and bytes within the line; this sums them to an offset.
        var offset = 0;
        for (long line = 0; line < (exception.LineNumber ?? 0) && _data[offset..].IndexOf((byte)'\n') is var next and >= 0; line++)
        {
            offset += next + 1;
        }

        // The message ends with the place. Our exception gives the place in its own way.
        var place = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var problem = (place < 0 ? exception.Message : exception.Message[..place]).TrimEnd('.');
        return ErrorAt(_baseOffset + offset + (exception.BytePositionInLine ?? 0), problem, exception);
    }

    /// <summary>An exception for a value of the wrong kind.</summary>
    public readonly TraceFormatException Unexpected(string what, string expected) =>
        Error($"expected {expected} as {what}, found {Shown()}");

    private readonly void Expect(JsonTokenType token, string what, string expected)
    {
        if (_reader.TokenType != token)
        {
            throw Unexpected(what, expected);
        }
    }

    private void ReadRequired()
    {
        if (!_reader.Read())
        {
            throw ErrorAt(_baseOffset + _reader.BytesConsumed, "expected more, found the end of the text");
        }
    }

    private readonly ReadOnlySpan<byte> NumberText(string what) =>
        _reader.TokenType is JsonTokenType.Number or JsonTokenType.String ? _reader.ValueSpan : throw Unexpected(what, "a number");

    private static bool TryGetDecimal(ReadOnlySpan<byte> digits, out decimal value) =>
        decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && decimal.IsInteger(value);

    private readonly string Shown() =>
        _reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.String =>
                $"the string \"{Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)])}\"",
            JsonTokenType.Number => Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)]),
            JsonTokenType.Null => "null",
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => "the end",
        };

    private readonly string UnescapedText()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8, are no reason to reject the whole document.
            return LenientText.Unescape(_reader.ValueSpan);
        }
    }
}
