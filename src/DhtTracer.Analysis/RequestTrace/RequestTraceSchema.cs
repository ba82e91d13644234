using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>
/// Checks JSON against the published schema, <c>docs/request-trace.schema.json</c>. It knows the keywords that this schema uses, and says
/// for each problem what the schema's own descriptions say.
/// </summary>
internal sealed class RequestTraceSchema
{
    private const int MostProblems = 100;
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);
    private static readonly Lazy<RequestTraceSchema> Published = new(Load);

    private readonly byte[] _utf8;
    private readonly JsonElement _root;
    private readonly Dictionary<string, JsonElement> _definitions;
    private readonly Dictionary<string, Regex> _patterns = new(StringComparer.Ordinal);

    private RequestTraceSchema(byte[] utf8)
    {
        _utf8 = utf8;
        _root = JsonDocument.Parse(utf8).RootElement;
        _definitions = _root.GetProperty("$defs").EnumerateObject().ToDictionary(static item => "#/$defs/" + item.Name, item => item.Value);
        AddPatterns(_root);
    }

    /// <summary>The schema of the version that this program writes.</summary>
    public static RequestTraceSchema Current => Published.Value;

    /// <summary>The schema's text.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8;

    /// <summary>Checks a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="later">Whether it has a later minor version, whose unknown members are ignored.</param>
    /// <returns>The problems, at most 100.</returns>
    public List<RequestTraceProblem> Check(JsonElement document, bool later)
    {
        var problems = new List<RequestTraceProblem>();
        Check(document, _root, "", later, problems);
        return problems;
    }

    private static RequestTraceSchema Load()
    {
        using var stream =
            typeof(RequestTraceSchema).Assembly.GetManifestResourceStream("request-trace.schema.json")
            ?? throw new InvalidOperationException("The schema is not in the assembly.");
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return new RequestTraceSchema(buffer.ToArray());
    }

    private void AddPatterns(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in schema.EnumerateArray())
            {
                AddPatterns(item);
            }
        }
        else if (schema.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in schema.EnumerateObject())
            {
                if (member.Name == "pattern" && member.Value.ValueKind == JsonValueKind.String)
                {
                    // \z, because $ also matches before a line break at the end.
                    var text = member.Value.GetString()!;
                    _patterns[text] = new Regex(text.TrimEnd('$') + "\\z", RegexOptions.ExplicitCapture, PatternTimeout);
                }

                AddPatterns(member.Value);
            }
        }
    }

    private void Check(JsonElement value, JsonElement schema, string pointer, bool later, List<RequestTraceProblem> problems)
    {
        if (problems.Count >= MostProblems)
        {
            return;
        }

        schema = Resolve(schema, value);
        if (schema.TryGetProperty("const", out var constant))
        {
            if (value.ValueKind != JsonValueKind.String || (value.GetString() != constant.GetString() && !later))
            {
                problems.Add(Problem(value, schema, pointer, SchemaText.Describe(schema)));
            }

            return;
        }

        if (schema.TryGetProperty("enum", out var words))
        {
            if (!words.EnumerateArray().Any(word => Same(word, value)))
            {
                var list = string.Join(", ", words.EnumerateArray().Select(static word => word.ToString()).Where(word => word.Length > 0));
                problems.Add(Problem(value, schema, pointer, $"one of {list} ({SchemaText.Describe(schema)})"));
            }

            return;
        }

        if (schema.TryGetProperty("type", out var type) && !SchemaText.Types(type).Any(name => IsOf(value, name)))
        {
            problems.Add(
                Problem(
                    value,
                    schema,
                    pointer,
                    $"{string.Join(" or ", SchemaText.Types(type).Select(SchemaText.Article))} ({SchemaText.Describe(schema)})"
                )
            );
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                CheckObject(value, schema, pointer, later, problems);
                break;
            case JsonValueKind.Array when schema.TryGetProperty("items", out var items):
                var number = 0;
                foreach (var item in value.EnumerateArray())
                {
                    Check(item, items, string.Create(CultureInfo.InvariantCulture, $"{pointer}/{number++}"), later, problems);
                }

                break;
            case JsonValueKind.String:
                CheckText(value, schema, pointer, problems);
                break;
            case JsonValueKind.Number:
                CheckNumber(value, schema, pointer, problems);
                break;
        }
    }

    private void CheckObject(JsonElement value, JsonElement schema, string pointer, bool later, List<RequestTraceProblem> problems)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(static item => item.GetString()!))
            {
                if (!value.TryGetProperty(name, out _))
                {
                    problems.Add(
                        new RequestTraceProblem(
                            pointer,
                            $"the member \"{name}\"{About(schema, name)}",
                            "none",
                            $"Add \"{name}\"; the format does not allow to leave it out."
                        )
                    );
                }
            }
        }

        if (!schema.TryGetProperty("properties", out var properties))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            var at = $"{pointer}/{SchemaText.Escape(member.Name)}";
            if (!seen.Add(member.Name))
            {
                problems.Add(new RequestTraceProblem(at, "each member once", "it twice", "Remove one of the two."));
            }
            else if (properties.TryGetProperty(member.Name, out var known))
            {
                Check(member.Value, known, at, later, problems);
            }
            else if (!later && !member.Name.StartsWith("x-", StringComparison.Ordinal))
            {
                problems.Add(
                    new RequestTraceProblem(
                        at,
                        $"one of {string.Join(", ", properties.EnumerateObject().Select(static item => item.Name))}",
                        $"the unknown member \"{SchemaText.Cut(member.Name)}\"",
                        $"Correct its name, or call an extension of your own \"x-{SchemaText.Cut(member.Name)}\"."
                    )
                );
            }
        }
    }

    private void CheckText(JsonElement value, JsonElement schema, string pointer, List<RequestTraceProblem> problems)
    {
        var text = value.GetString()!;
        var fits =
            (!schema.TryGetProperty("pattern", out var pattern) || _patterns[pattern.GetString()!].IsMatch(text))
            && (!schema.TryGetProperty("minLength", out var least) || Length(text) >= least.GetInt32())
            && (!schema.TryGetProperty("maxLength", out var most) || Length(text) <= most.GetInt32());
        if (!fits)
        {
            problems.Add(Problem(value, schema, pointer, SchemaText.Describe(schema) + SchemaText.Bounds(schema)));
        }
    }

    private static void CheckNumber(JsonElement value, JsonElement schema, string pointer, List<RequestTraceProblem> problems)
    {
        var number = value.GetInt64();
        if (
            (schema.TryGetProperty("minimum", out var least) && number < least.GetInt64())
            || (schema.TryGetProperty("maximum", out var most) && number > most.GetInt64())
        )
        {
            problems.Add(Problem(value, schema, pointer, SchemaText.Describe(schema) + SchemaText.Bounds(schema)));
        }
    }

    /// <summary>Follows a reference. Of a choice between something and null, takes the one that the value is.</summary>
    private JsonElement Resolve(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("anyOf", out var choices))
        {
            schema = choices[value.ValueKind == JsonValueKind.Null ? 1 : 0];
        }

        return schema.TryGetProperty("$ref", out var reference) ? _definitions[reference.GetString()!] : schema;
    }

    private string About(JsonElement schema, string name) =>
        schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out var known)
            ? $" ({SchemaText.Describe(Resolve(known, default))})"
            : "";

    private static RequestTraceProblem Problem(JsonElement value, JsonElement schema, string pointer, string expected) =>
        new(
            pointer,
            expected,
            SchemaText.Found(value),
            SchemaText.AllowsNull(schema) ? "Correct it, or leave it out if it is unknown." : "Correct it; it cannot be left out."
        );

    private static bool IsOf(JsonElement value, string type) =>
        type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => throw new InvalidOperationException($"The schema uses the type {type}, which is not implemented."),
        };

    private static bool Same(JsonElement word, JsonElement value) =>
        word.ValueKind == value.ValueKind && (word.ValueKind != JsonValueKind.String || word.GetString() == value.GetString());

    private static int Length(string text) => text.EnumerateRunes().Count();
}
