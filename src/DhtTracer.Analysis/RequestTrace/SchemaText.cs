using System.Text;
using System.Text.Json;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>What a part of a schema expects, and what a document has there, in words.</summary>
internal static class SchemaText
{
    private const int LongestFound = 60;

    public static bool AllowsNull(JsonElement schema) =>
        (schema.TryGetProperty("type", out var type) && Types(type).Contains("null", StringComparer.Ordinal))
        || (
            schema.TryGetProperty("enum", out var words) && words.EnumerateArray().Any(static word => word.ValueKind == JsonValueKind.Null)
        );

    public static string Describe(JsonElement schema) =>
        schema.TryGetProperty("description", out var description) ? description.GetString()! : "another value";

    public static string Bounds(JsonElement schema)
    {
        var text = new StringBuilder();
        foreach (
            var (keyword, words) in (ReadOnlySpan<(string, string)>)
                [("minimum", "at least "), ("maximum", "at most "), ("maxLength", "no longer than "), ("pattern", "of the form ")]
        )
        {
            if (schema.TryGetProperty(keyword, out var bound))
            {
                text.Append(", ").Append(words).Append(bound.ToString());
            }
        }

        return text.ToString();
    }

    public static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(static item => item.GetString()!) : [type.GetString()!];

    public static string Article(string type) =>
        type switch
        {
            "object" => "an object",
            "array" => "an array",
            "integer" => "an integer",
            "null" => "null",
            _ => "a " + type,
        };

    public static string Found(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.Undefined => "nothing",
            _ => Cut(value.GetRawText()),
        };

    public static string Cut(string text) =>
        text.Length <= LongestFound
            ? text
            : string.Concat(text.AsSpan(0, LongestFound - (char.IsHighSurrogate(text[LongestFound - 1]) ? 1 : 0)), "…");

    public static string Escape(string name) =>
        Cut(name).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
