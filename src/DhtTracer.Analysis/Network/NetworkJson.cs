using System.Text.Json;
using DhtTracer.Analysis.Json;

namespace DhtTracer.Analysis.Network;

/// <summary>
/// The figures of a network as JSON, by the contract of <see cref="QueryJson"/>: unknown is null, times end in <c>UnixNano</c> and are
/// decimal strings.
/// </summary>
public static class NetworkJson
{
    /// <summary>The figures, as UTF-8 on one line.</summary>
    public static byte[] ToUtf8(NetworkReport report)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            json.WriteStartObject();
            json.WriteNumber("lookups", report.Lookups);
            json.WriteBoolean("hasOlder", report.HasOlder);
            json.TimeOrNull("firstUnixNano", report.FirstUnixNano);
            json.TimeOrNull("lastUnixNano", report.LastUnixNano);
            json.WriteNumber("closestSets", report.ClosestSets);
            json.WriteNumber("networks", report.Networks);
            json.WriteNumber("keys", report.Keys);
            Write(json, report.Size);
            json.List("density", report.Density, Write);
            Write(json, report.Recall);
            json.List("suspicious", report.Suspicious, Write);
            Write(json, report.Dead);
            Write(json, report.Peers);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>What the eclipse test says of one lookup.</summary>
    public static void Write(Utf8JsonWriter json, EclipseVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("queryId", verdict.Query.ToString());
        json.TimeOrNull("startUnixNano", verdict.StartUnixNano);
        json.WriteString("keyPrefix", verdict.Key);
        json.WriteNumber("closest", verdict.Closest);
        json.WriteNumber("size", verdict.Size);
        json.WriteNumber("expected", verdict.Expected);
        json.WriteNumber("pValue", verdict.PValue);
        json.FractionOrNull("adjusted", verdict.Adjusted);
        json.WriteNumber("otherKeys", verdict.OtherKeys);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, NetworkSize? size)
    {
        if (size is null)
        {
            json.WriteNull("size");
            return;
        }

        json.WriteStartObject("size");
        json.WriteNumber("peers", size.Peers);
        json.WriteNumber("low", size.Low);
        json.WriteNumber("high", size.High);
        json.WriteNumber("lookups", size.Lookups);
        json.WriteNumber("keys", size.Keys);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PrefixDensity part)
    {
        json.WriteStartObject();
        json.WriteString("prefix", part.Prefix);
        json.WriteNumber("keys", part.Keys);
        json.WriteNumber("peers", part.Peers);
        json.FractionOrNull("times", part.Times);
        json.FractionOrNull("low", part.Low);
        json.FractionOrNull("high", part.High);
        json.FractionOrNull("pValue", part.PValue);
        json.WriteBoolean("isAlarm", part.IsAlarm);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RecallSummary? recall)
    {
        if (recall is null)
        {
            json.WriteNull("recall");
            return;
        }

        json.WriteStartObject("recall");
        json.WriteNumber("lookups", recall.Lookups);
        json.WriteNumber("found", recall.Found);
        json.WriteNumber("near", recall.Near);
        json.WriteNumber("median", recall.Median);
        json.WriteNumber("p10", recall.Low);
        json.List(
            "worst",
            recall.Worst,
            static (json, lookup) =>
            {
                json.WriteStartObject();
                json.WriteString("queryId", lookup.Query.ToString());
                json.WriteNumber("found", lookup.Found);
                json.WriteNumber("near", lookup.Near);
                json.WriteEndObject();
            }
        );
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DeadNamed? dead)
    {
        if (dead is null)
        {
            json.WriteNull("deadNamed");
            return;
        }

        json.WriteStartObject("deadNamed");
        json.WriteNumber("lookups", dead.Lookups);
        json.WriteNumber("tried", dead.Tried);
        json.WriteNumber("dead", dead.Dead);
        json.WriteNumber("namers", dead.Namers);
        json.List(
            "worst",
            dead.Worst,
            static (json, namer) =>
            {
                json.WriteStartObject();
                json.WriteString("peer", namer.Peer);
                json.WriteNumber("tried", namer.Tried);
                json.WriteNumber("dead", namer.Dead);
                json.WriteEndObject();
            }
        );
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ObservedPeers peers)
    {
        json.WriteStartObject("peers");
        json.WriteNumber("asked", peers.Asked);
        json.WriteNumber("answered", peers.Answered);
        json.WriteNumber("unreachable", peers.Unreachable);
        json.WriteNumber("open", peers.Open);
        json.WriteNumber("withoutDht", peers.WithoutDht);
        json.List(
            "unreachableByError",
            peers.ByError,
            static (json, error) =>
            {
                json.WriteStartObject();
                json.WriteString("name", error.Name);
                json.WriteNumber("count", error.Count);
                json.WriteEndObject();
            }
        );
        json.List("byTransport", peers.ByTransport, Write);
        json.List("byAgent", peers.ByAgent, Write);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PeerGroup group)
    {
        json.WriteStartObject();
        json.WriteString("name", group.Name);
        json.WriteNumber("peers", group.Peers);
        json.WriteNumber("answered", group.Answered);
        json.WriteNumber("unreachable", group.Unreachable);
        json.WriteNumber("withoutDht", group.WithoutDht);
        json.WriteEndObject();
    }
}
