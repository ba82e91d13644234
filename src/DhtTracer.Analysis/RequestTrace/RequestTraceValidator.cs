using System.Globalization;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Keys;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Checks whether a file follows the format IPFS Request Trace.</summary>
public static class RequestTraceValidator
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>The published JSON schema, as UTF-8.</summary>
    public static ReadOnlyMemory<byte> SchemaUtf8 => RequestTraceSchema.Current.Utf8;

    /// <summary>Checks a file.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <returns>Its problems, in the order of the file, at most 100; empty when it follows the format.</returns>
    public static IReadOnlyList<RequestTraceProblem> Check(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = Parse(utf8);
            return Check(document.RootElement);
        }
        catch (JsonException error)
        {
            var place =
                error.LineNumber is { } line && error.BytePositionInLine is { } at
                    ? string.Create(CultureInfo.InvariantCulture, $" at line {line + 1}, byte {at + 1}")
                    : "";
            return
            [
                new RequestTraceProblem(
                    "",
                    "JSON in UTF-8",
                    $"something else{place}",
                    "Write the file with a JSON library, and in one piece."
                ),
            ];
        }
    }

    /// <summary>Parses a file, with or without a byte order mark.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> utf8) =>
        JsonDocument.Parse(utf8.Span.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8, Options);

    /// <summary>Checks a parsed file.</summary>
    internal static IReadOnlyList<RequestTraceProblem> Check(JsonElement root)
    {
        var version =
            root.ValueKind == JsonValueKind.Object
            && root.TryGetProperty("version", out var member)
            && member.ValueKind == JsonValueKind.String
                ? member.GetString()
                : null;
        var later =
            version is ['1', '.', .. var minor]
            && minor is not "0"
            && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        var problems = RequestTraceSchema.Current.Check(root, later);
        if (later && root.TryGetProperty("format", out var format) && format.ToString() != RequestTraceNames.Format)
        {
            problems.Insert(
                0,
                new RequestTraceProblem("/format", RequestTraceNames.Format, format.GetRawText(), "Correct it; it cannot be left out.")
            );
        }

        if (problems.Count == 0)
        {
            CheckMeaning(root, problems);
        }

        return problems;
    }

    /// <summary>What a schema cannot say: ids that are used once, references that lead somewhere, keys that hash to their place.</summary>
    private static void CheckMeaning(JsonElement root, List<RequestTraceProblem> problems)
    {
        var ids = new HashSet<(string, string)>();
        foreach (var (request, pointer) in Items(root, "requests", ""))
        {
            var trace = request.GetProperty("traceId").GetString()!;
            if (!ids.Add((trace, request.GetProperty("id").GetString()!)))
            {
                Twice(problems, $"{pointer}/id", "each request of a trace");
            }

            CheckStart(request, pointer, problems);
            CheckKey(request, pointer, problems);
            var lookups = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (lookup, at) in Items(request, "lookups", pointer))
            {
                if (
                    !lookups.Add(lookup.GetProperty("id").GetString()!)
                    || !ids.Add((trace, "lookup " + lookup.GetProperty("id").GetString()))
                )
                {
                    Twice(problems, $"{at}/id", "each lookup of a trace");
                }

                CheckStart(lookup, at, problems);
                CheckKey(lookup, at, problems);
                CheckPeers(lookup, at, problems);
            }

            if (Text(request, "answeredBy") is { } decisive && !lookups.Contains(decisive))
            {
                problems.Add(
                    new RequestTraceProblem(
                        $"{pointer}/answeredBy",
                        "the id of a lookup of this request",
                        $"\"{decisive}\"",
                        "Name a lookup of the request, or leave it out."
                    )
                );
            }
        }
    }

    private static void CheckPeers(JsonElement lookup, string pointer, List<RequestTraceProblem> problems)
    {
        var peers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (peer, at) in Items(lookup, "peers", pointer))
        {
            if (!peers.Add(peer.GetProperty("id").GetString()!))
            {
                Twice(problems, $"{at}/id", "each peer of a lookup");
            }
        }
    }

    private static void CheckStart(JsonElement json, string pointer, List<RequestTraceProblem> problems)
    {
        if (Text(json, "startUnixNano") is { } text && !ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            problems.Add(
                new RequestTraceProblem(
                    $"{pointer}/startUnixNano",
                    "at most 18446744073709551615",
                    text,
                    "Write nanoseconds since 1970-01-01 UTC."
                )
            );
        }
    }

    private static void CheckKey(JsonElement json, string pointer, List<RequestTraceProblem> problems)
    {
        if (!json.TryGetProperty("key", out var key) || key.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var bytes = Text(key, "bytes");
        if (Pseudonym.KadId(Text(key, "text")) is not null)
        {
            if (bytes is not null)
            {
                problems.Add(
                    new RequestTraceProblem($"{pointer}/key/bytes", "no bytes of a pseudonym", "some", "Leave it out: it tells the key.")
                );
            }
        }
        else if (bytes is null)
        {
            problems.Add(
                new RequestTraceProblem(
                    $"{pointer}/key",
                    "the bytes that are hashed",
                    "none",
                    "Add \"bytes\", or write a pseudonym as text."
                )
            );
        }
        else if (
            Text(key, "kadId") is { } kadId
            && Multiformats.KadId.Of(Convert.FromHexString(bytes)).ToString() is var hash
            && hash != kadId
        )
        {
            problems.Add(
                new RequestTraceProblem($"{pointer}/key/kadId", $"the SHA-256 of the bytes, {hash}", kadId, "Correct it, or leave it out.")
            );
        }
    }

    private static void Twice(List<RequestTraceProblem> problems, string pointer, string what) =>
        problems.Add(new RequestTraceProblem(pointer, $"an id of its own for {what}", "one that was used before", "Give each its own id."));

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IEnumerable<(JsonElement Item, string Pointer)> Items(JsonElement json, string name, string pointer)
    {
        if (!json.TryGetProperty(name, out var array) || array.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        var number = 0;
        foreach (var item in array.EnumerateArray())
        {
            yield return (item, string.Create(CultureInfo.InvariantCulture, $"{pointer}/{name}/{number++}"));
        }
    }
}
