using System.Globalization;
using System.Text.Json;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>What the daemon says of its sweep (<c>provide/stat?all=true</c>). Null is what it does not say.</summary>
public sealed record SweepStatus
{
    /// <summary>When it said so, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong UnixNano { get; init; }

    /// <summary>Number of keys in its schedule.</summary>
    public long? Keys { get; init; }

    /// <summary>Number of regions in its schedule.</summary>
    public long? Regions { get; init; }

    /// <summary>The interval of reprovides in nanoseconds.</summary>
    public long? IntervalNs { get; init; }

    /// <summary>Regions that failed and wait for another attempt.</summary>
    public long? WaitingRegions { get; init; }

    /// <summary>New keys that wait for their first provide.</summary>
    public long? WaitingKeys { get; init; }

    /// <summary>Keys that it counts as failed.</summary>
    public long? KeysFailed { get; init; }

    /// <summary>Keys that it counts as provided.</summary>
    public long? KeysProvided { get; init; }

    /// <summary>Holders of a record on average, as it thinks. It counts sends, not records.</summary>
    public double? AverageHolders { get; init; }

    /// <summary>Whether it thinks that the whole key space is covered.</summary>
    public bool? IsCovered { get; init; }

    /// <summary>Whether it thinks that it is online: <c>online</c>, <c>disconnected</c>, <c>offline</c>.</summary>
    public string? Connectivity { get; init; }

    /// <summary>The region whose turn is next.</summary>
    public KeyPrefix? Next { get; init; }

    /// <summary>When its turn is, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? NextUnixNano { get; init; }

    /// <summary>Reads an answer; null if it says nothing of a sweep.</summary>
    public static SweepStatus? Read(SweepStatistic statistic)
    {
        if (statistic.Command != "provide/stat")
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(statistic.Answer);
            if (At(document.RootElement, "Sweep") is not { ValueKind: JsonValueKind.Object } sweep)
            {
                return null;
            }

            return new SweepStatus
            {
                UnixNano = statistic.StartUnixNano,
                Keys = Number(sweep, "schedule", "keys"),
                Regions = Number(sweep, "schedule", "regions"),
                IntervalNs = Number(sweep, "timing", "reprovides_interval") is > 0 and var interval ? interval : null,
                WaitingRegions = Number(sweep, "queues", "pending_region_reprovides"),
                WaitingKeys = Number(sweep, "queues", "pending_key_provides"),
                KeysFailed = Number(sweep, "operations", "past", "keys_failed"),
                KeysProvided = Number(sweep, "operations", "past", "keys_provided"),
                AverageHolders = At(sweep, "network", "avg_holders") is { ValueKind: JsonValueKind.Number } holders
                    ? holders.GetDouble()
                    : null,
                IsCovered = At(sweep, "network", "complete_keyspace_coverage")?.ValueKind switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    _ => null,
                },
                Connectivity = Text(sweep, "connectivity", "status"),
                Next = Text(sweep, "schedule", "next_reprovide_prefix") is { Length: > 0 } prefix ? KeyPrefix.Parse(prefix) : null,
                NextUnixNano = Time(Text(sweep, "schedule", "next_reprovide_at")),
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Go writes 0001-01-01T00:00:00Z for no time.
    private static ulong? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time > DateTimeOffset.UnixEpoch
            ? (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100
            : null;

    private static JsonElement? At(JsonElement from, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out from))
            {
                return null;
            }
        }

        return from;
    }

    private static long? Number(JsonElement from, params ReadOnlySpan<string> path) =>
        At(from, path) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : null;

    private static string? Text(JsonElement from, params ReadOnlySpan<string> path) =>
        At(from, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
