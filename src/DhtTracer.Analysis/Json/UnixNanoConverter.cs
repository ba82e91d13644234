using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Json;

/// <summary>Nanoseconds since 1970 as decimal strings: they exceed the 53 bits that JavaScript keeps of a number.</summary>
public sealed class UnixNanoConverter : JsonConverter<ulong>
{
    /// <inheritdoc/>
    public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        && ulong.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException("not a decimal string");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
}
