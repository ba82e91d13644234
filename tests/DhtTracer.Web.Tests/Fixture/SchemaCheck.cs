using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>
/// Holds JSON against a schema of an OpenAPI 3.1 document, as far as such documents here use JSON Schema 2020-12. A keyword that it does
/// not know fails, so that nothing is passed over; and so does a property that the schema does not name.
/// </summary>
internal sealed class SchemaCheck(JsonElement document)
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "$ref",
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "oneOf",
        "anyOf",
        "pattern",
        "format",
        "description",
        "title",
        "minimum",
        "maximum",
        "default",
        "additionalProperties",
    };

    /// <summary>What is wrong, each with its place; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "$", problems);
        return problems;
    }

    private void Check(JsonElement schema, JsonElement value, string place, List<string> problems)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return;
        }

        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Known.Contains(keyword.Name)))
        {
            problems.Add($"{place}: the schema uses {keyword.Name}, which this check does not know");
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            Check(Resolve(reference.GetString()!), value, place, problems);
        }

        foreach (var name in (string[])["oneOf", "anyOf"])
        {
            if (schema.TryGetProperty(name, out var alternatives))
            {
                var matching = alternatives.EnumerateArray().Count(alternative => Problems(alternative, value).Count == 0);
                if (matching == 0 || (matching > 1 && name == "oneOf"))
                {
                    var first = alternatives.EnumerateArray().SelectMany(alternative => Problems(alternative, value)).Take(4);
                    problems.Add($"{place}: matches {matching} of {name}: {string.Join("; ", first)}");
                }
            }
        }

        if (
            schema.TryGetProperty("type", out var type)
            && !Types(type).Contains(TypeOf(value))
            && !(TypeOf(value) == "integer" && Types(type).Contains("number"))
        )
        {
            problems.Add($"{place}: is {TypeOf(value)}, not {type}");
            return;
        }

        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(item => JsonElement.DeepEquals(item, value)))
        {
            problems.Add($"{place}: {value} is not one of {allowed}");
        }

        if (
            value.ValueKind == JsonValueKind.String
            && schema.TryGetProperty("pattern", out var pattern)
            && !Regex.IsMatch(value.GetString()!, pattern.GetString()!, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))
        )
        {
            problems.Add($"{place}: {value} does not match {pattern}");
        }

        if (
            value.ValueKind == JsonValueKind.Number
            && schema.TryGetProperty("format", out var format)
            && format.GetString() == "int32"
            && !value.TryGetInt32(out _)
        )
        {
            problems.Add($"{place}: {value.GetRawText().ToString(CultureInfo.InvariantCulture)} is no int32");
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            var i = 0;
            foreach (var item in value.EnumerateArray())
            {
                Check(items, item, $"{place}[{i++}]", problems);
            }
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in value.EnumerateObject())
            {
                if (properties.TryGetProperty(property.Name, out var own))
                {
                    Check(own, property.Value, $"{place}.{property.Name}", problems);
                }
                else
                {
                    problems.Add($"{place}.{property.Name} is not in the schema");
                }
            }
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("required", out var required))
        {
            problems.AddRange(
                required
                    .EnumerateArray()
                    .Where(name => !value.TryGetProperty(name.GetString()!, out _))
                    .Select(name => $"{place}.{name} is missing")
            );
        }
    }

    /// <summary>The part of the document that a reference names.</summary>
    private JsonElement Resolve(string reference)
    {
        var at = document;
        foreach (var part in reference.TrimStart('#', '/').Split('/'))
        {
            at = at.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        }

        return at;
    }

    private static List<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.String ? [type.GetString()!] : [.. type.EnumerateArray().Select(item => item.GetString()!)];

    private static string TypeOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => "null",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.String => "string",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? "integer" : "number",
        };
}
