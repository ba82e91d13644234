using System.Globalization;
using System.Text.Json;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>Reads the answer to <c>swarm/peers?identify=true&amp;latency=true</c>.</summary>
/// <example><c>{"Peers":[{"Peer":"12D3KooW…","Latency":"12.3ms","Identify":{"AgentVersion":"kubo/0.43.1/"}}]}</c></example>
internal static class KuboPeers
{
    /// <summary>Maximum length of an agent version. It is a foreign text, so longer ones are truncated.</summary>
    private const int LongestAgent = 200;

    private static readonly (string Unit, double Ns)[] Units =
    [
        ("ns", 1),
        ("µs", 1e3),
        ("us", 1e3),
        ("ms", 1e6),
        ("h", 3.6e12),
        ("m", 6e10),
        ("s", 1e9),
    ];

    /// <summary>Parses the peers. Entries without a peer id are skipped; a missing list counts as empty.</summary>
    /// <exception cref="JsonException">The text is not a JSON object.</exception>
    public static IReadOnlyList<KuboPeer> Parse(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("expected an object");
        }

        if (!document.RootElement.TryGetProperty("Peers", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var peers = new List<KuboPeer>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            if (Text(item, "Peer") is { } id)
            {
                var agent = item.TryGetProperty("Identify", out var identify) ? Text(identify, "AgentVersion") : null;
                peers.Add(
                    new KuboPeer(id, agent?.Length > LongestAgent ? agent[..LongestAgent] : agent, Nanoseconds(Text(item, "Latency")))
                );
            }
        }

        return peers;
    }

    /// <summary>Parses a duration in Go's format, such as <c>1m2.5s</c> or <c>880µs</c>; null for <c>n/a</c> and any other text.</summary>
    public static long? Nanoseconds(string? text)
    {
        var total = 0.0;
        for (var rest = text; !string.IsNullOrEmpty(rest); )
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            var unit = Array.Find(Units, unit => rest.AsSpan(digits).StartsWith(unit.Unit, StringComparison.Ordinal));
            if (
                unit.Unit is null
                || !double.TryParse(rest.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            )
            {
                return null;
            }

            total += value * unit.Ns;
            rest = rest[(digits + unit.Unit.Length)..];
        }

        return total is > 0 and < 1e18 ? (long)Math.Round(total) : null;
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
            ? text
            : null;
}
