using System.Text.Json;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>Tags of a search as Jaeger's clients send them: <c>{"error":"true","http.method":"GET"}</c>.</summary>
internal static class TagsJson
{
    /// <summary>Reads tags; the values are strings, whatever the type of the tag.</summary>
    /// <param name="json">The parameter.</param>
    /// <param name="parameter">Its name, for the error.</param>
    /// <exception cref="BadParameterException">It is something else.</exception>
    public static Dictionary<string, string> Read(string json, string parameter)
    {
        try
        {
            return JsonSerializer
                    .Deserialize<Dictionary<string, string?>>(json)
                    ?.ToDictionary(tag => tag.Key, tag => tag.Value ?? "", StringComparer.Ordinal)
                ?? [];
        }
        catch (JsonException)
        {
            throw new BadParameterException(
                $"malformed parameter '{parameter}': it takes a JSON object whose values are strings, such as {{\"error\":\"true\"}}"
            );
        }
    }
}
