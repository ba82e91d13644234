using System.Text.Json.Nodes;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>Where one document differs from what another demands. Members that are not demanded may be there.</summary>
internal static class JsonDifference
{
    public static List<string> Of(JsonObject expected, JsonObject actual)
    {
        SortTies(expected);
        SortTies(actual);
        var found = new List<string>();
        Compare("", expected, actual, found);
        return found;
    }

    // Rows stand in the order heard. What two answers that came in the same instant name has no order among each other: by id then.
    private static void SortTies(JsonObject query)
    {
        var peers = query["peers"]!.AsArray();
        var rows = peers.Select(peer => peer!).ToList();
        Assert.Equal(rows.Select(HeardNs).Order(), rows.Select(HeardNs));
        peers.Clear();
        foreach (var row in rows.GroupBy(HeardNs).SelectMany(Sorted))
        {
            peers.Add(row);
        }

        static long HeardNs(JsonNode row) => row["heardNs"]!.GetValue<long>();

        static string Referrer(JsonNode row) => row["referrer"]?.GetValue<string>() ?? "";

        // A stable sort: what one answer names keeps its order.
        static IEnumerable<JsonNode> Sorted(IEnumerable<JsonNode> tied) => tied.OrderBy(Referrer, StringComparer.Ordinal);
    }

    private static void Compare(string path, JsonNode? expected, JsonNode? actual, List<string> found)
    {
        switch (expected, actual)
        {
            case (JsonObject wanted, JsonObject seen):
                foreach (var (name, value) in wanted)
                {
                    if (seen.ContainsKey(name))
                    {
                        Compare($"{path}.{name}", value, seen[name], found);
                    }
                    else
                    {
                        found.Add($"{path}.{name} is missing");
                    }
                }

                break;
            case (JsonArray wanted, JsonArray seen) when wanted.Count == seen.Count:
                for (var i = 0; i < wanted.Count; i++)
                {
                    Compare($"{path}[{i}]", wanted[i], seen[i], found);
                }

                break;
            case (JsonArray wanted, JsonArray seen):
                found.Add($"{path} has {seen.Count} elements, not {wanted.Count}");
                break;
            default:
                if (!string.Equals(Text(expected), Text(actual), StringComparison.Ordinal))
                {
                    found.Add($"{path} is {Text(actual)}, not {Text(expected)}");
                }

                break;
        }
    }

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";
}
