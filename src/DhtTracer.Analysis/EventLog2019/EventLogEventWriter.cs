using System.Buffers;
using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Dialects;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>Writes the JSON of one event. Its fields are in alphabetical order, as in the logs of 2019.</summary>
internal static class EventLogEventWriter
{
    private const string NoTime = "0001-01-01T00:00:00Z";

    public static void Write(IBufferWriter<byte> output, EventLogHappening happened)
    {
        using var json = new Utf8JsonWriter(output, QueryJson.Compact);
        json.WriteStartObject();
        switch (happened.Name)
        {
            case EventLogNames.SentMessage:
                WriteMessage(json, happened, EventLogKeys.LastPart(EventLogEvents.LoggedKey(happened.State.Query.Key)) ?? "");
                break;
            case EventLogNames.ReceivedMessage:
                WriteMessage(json, happened, "");
                break;
            case EventLogNames.AddPeer:
                WriteNumber(json, "Hops", happened.Peer!.Hops);
                WriteRunner(json, happened.State);
                WriteNumber(json, "XOR", 256 - happened.Peer.Xor);
                break;
            case EventLogNames.RequestResult:
                WriteRunner(json, happened.State);
                WriteAnswer(json, happened);
                break;
            default:
                WriteRunner(json, happened.State);
                break;
        }

        json.WriteString("event", happened.Name);
        if (happened.Peer is { } peer)
        {
            json.WriteString("peerID", peer.Id);
        }

        json.WriteString("system", "dht");
        json.WriteString("time", Time(happened.State.Query, happened.AtNs));
        json.WriteEndObject();
    }

    /// <summary>A time inside a query in Go's RFC3339Nano, with as many fractional digits as needed.</summary>
    public static string Time(Query query, long afterNs)
    {
        var at = query.StartUnixNano + (ulong)afterNs;
        var text = DateTimeOffset
            .FromUnixTimeSeconds((long)(at / 1_000_000_000))
            .ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        var fraction = (at % 1_000_000_000).ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        return text + (fraction.Length == 0 ? "" : "." + fraction) + "Z";
    }

    private static void WriteMessage(Utf8JsonWriter json, EventLogHappening happened, string key)
    {
        json.WriteStartObject("message");
        json.WriteString("key", key);
        json.WriteString("type", happened.Request!.Type == MessageType.Unknown ? "" : Words.Of(happened.Request.Type));
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, EventLogHappening happened)
    {
        var (query, request) = (happened.State.Query, happened.Request!);
        if (!request.Named.IsDefault)
        {
            // New is a count. The new peers are those that this answer was the first to name.
            var named = request.Named.ToHashSet(StringComparer.Ordinal);
            WriteTexts(json, "closerPeers", request.Named);
            WriteTexts(
                json,
                "filteredPeers",
                query
                    .Peers.Where(peer => peer.Referrer == happened.Peer!.Id && !peer.ReferrerInferred && named.Contains(peer.Id))
                    .Select(static peer => peer.Id)
            );
        }

        json.WriteBoolean("success", happened.State.ReachesGoal(request));
    }

    private static void WriteRunner(Utf8JsonWriter json, RunnerState state)
    {
        var query = state.Query;
        json.WriteStartObject("QueryRunner");
        json.WriteString("CurrTime", Time(query, state.NowNs));
        json.WriteString("EndTime", state.Ended ? Time(query, query.DurationNs!.Value) : NoTime);
        json.WriteNumber("PeersDialQueueLen", state.DialQueue);
        json.WriteNull("PeersDialed");
        WriteTexts(json, "PeersDialedNew", state.DialedNew);
        WriteTexts(json, "PeersQueried", state.Queried);
        json.WriteNumber("PeersRemainingLen", state.Remaining);
        WriteTexts(json, "PeersSeen", state.Seen);
        json.WriteNumber("PeersToQueryLen", state.ToQuery);
        json.WriteStartObject("Query");
        json.WriteNumber("Concurrency", query.Parameters.Alpha ?? 0);
        json.WriteString("Key", EventLogEvents.LoggedKey(query.Key));
        json.WriteString("Type", Words.Of(query.Type));
        json.WriteEndObject();
        json.WriteStartObject("RateLimit");
        json.WriteNumber("Capacity", query.Parameters.Alpha ?? 0);
        json.WriteNumber("Length", state.Free ?? 0);
        json.WriteEndObject();
        json.WriteStartObject("Result");
        if (state.Success)
        {
            WriteTexts(json, "CloserPeers", []);
        }
        else
        {
            json.WriteNull("CloserPeers");
        }

        json.WriteNull("FinalSet");
        json.WriteString("FoundPeer", state.Success && query.Type == QueryType.FindPeer ? query.Key?.Text ?? "" : "");
        json.WriteNull("QueriedSet");
        json.WriteBoolean("Success", state.Success);
        json.WriteEndObject();
        json.WriteString("StartTime", Time(query, 0));
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
