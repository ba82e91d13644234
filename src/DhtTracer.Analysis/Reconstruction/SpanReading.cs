using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>
/// Reads attributes of spans from any exporter. Jaeger turns arrays into JSON text, its Thrift exporters into comma-separated text and
/// numbers into doubles. Zipkin turns everything into text. Both turn scope and status into tags.
/// </summary>
internal static class SpanReading
{
    /// <summary>
    /// A list of strings, from an array, JSON array text <c>["a","b"]</c>, or <c>a,b</c>. Null when the attribute is missing.
    /// </summary>
    public static IReadOnlyList<string>? Strings(this Span span, string key) => span.Attributes.Strings(key);

    /// <inheritdoc cref="Strings(Span, string)"/>
    public static IReadOnlyList<string>? Strings(this AttributeList attributes, string key) =>
        attributes[key] switch
        {
            ArrayValue array => Texts(array),
            StringValue { Value: var text } => Split(text),
            BytesValue or KeyValueListValue or null => null,
            EmptyValue => [],
            _ => null,
        };

    /// <summary>An integer, also from a double or a text; null when there is none.</summary>
    public static long? Integer(this Span span, string key) =>
        span.Attributes[key] switch
        {
            IntValue value => value.Value,
            DoubleValue value when value.Value is > -9e15 and < 9e15 && Math.Truncate(value.Value) == value.Value => (long)value.Value,
            StringValue value
                when long.TryParse(value.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };

    /// <summary>A count or parameter from 0 to <see cref="int.MaxValue"/>; null when there is none.</summary>
    public static int? Count(this Span span, string key) => span.Integer(key) is >= 0 and <= int.MaxValue and var value ? (int)value : null;

    /// <summary>A boolean, also from a text; null when there is none.</summary>
    public static bool? Boolean(this Span span, string key) =>
        span.Attributes[key] switch
        {
            BoolValue value => value.Value,
            StringValue { Value: "true" } => true,
            StringValue { Value: "false" } => false,
            _ => null,
        };

    /// <summary>A text; null when it is missing or empty.</summary>
    public static string? Text(this Span span, string key) => span.Attributes.GetString(key) is { Length: > 0 } text ? text : null;

    /// <summary>Name of the instrumentation scope, from OTLP or from Jaeger's tags; empty when it was lost.</summary>
    public static string ScopeName(this Span span) =>
        span.Scope.Name.Length > 0
            ? span.Scope.Name
            : span.Attributes.GetString("otel.scope.name") ?? span.Attributes.GetString("otel.library.name") ?? "";

    /// <summary>Whether the status is Error, in OTLP or in the tags of Jaeger or Zipkin.</summary>
    public static bool IsError(this Span span) =>
        span.Status?.Code == StatusCode.Error
        || string.Equals(span.Attributes.GetString("otel.status_code"), "ERROR", StringComparison.OrdinalIgnoreCase)
        || span.Attributes["error"] is BoolValue { Value: true } or StringValue { Value: not "false" };

    /// <summary>The message of the status; null when it is missing or empty.</summary>
    public static string? StatusMessage(this Span span)
    {
        if (span.Status?.Message is { Length: > 0 } message)
        {
            return message;
        }

        return span.Text("otel.status_description") ?? (span.Text("error") is { } error and not ("true" or "false") ? error : null);
    }

    /// <summary>Whether the event has this name. Jaeger keeps the name in a field <c>event</c>.</summary>
    public static bool Is(this SpanEvent happened, string name) =>
        happened.Name == name || (happened.Name.Length == 0 && happened.Attributes.GetString("event") == name);

    /// <summary>Nanoseconds from one time to another, clamped so that a sum of two never overflows.</summary>
    public static long Nanoseconds(ulong from, ulong to)
    {
        const ulong most = long.MaxValue / 4;
        return to >= from ? (long)Math.Min(to - from, most) : -(long)Math.Min(from - to, most);
    }

    private static string[] Texts(ArrayValue array)
    {
        var texts = new string[array.Values.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = array.Values[i].AsString() ?? "";
        }

        return texts;
    }

    private static string[] Split(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        if (text[0] == '[' && text[^1] == ']')
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                if (document.RootElement.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String))
                {
                    return [.. document.RootElement.EnumerateArray().Select(static item => item.GetString()!)];
                }
            }
            catch (JsonException)
            {
                // The text is not JSON, so it is comma-separated.
            }
        }

        return text.Split(',');
    }
}
