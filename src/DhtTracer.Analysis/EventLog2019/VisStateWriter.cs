using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>
/// Writes queries as <c>vis-state</c>, the input of the first visualisation of 2019: an array with one object for each query, durations in
/// microseconds, times in ISO 8601. Unknown values are null. That page draws every row from its spans, so a peer without dial or request
/// has no row; it counts in <c>PeersSeen</c>.
/// </summary>
public static class VisStateWriter
{
    /// <summary>Writes the whole array.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<Query> queries)
    {
        json.WriteStartArray();
        foreach (var query in queries)
        {
            WriteQuery(json, query);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes one element of the array, for streaming.</summary>
    public static void WriteQuery(Utf8JsonWriter json, Query query)
    {
        json.WriteStartObject();
        json.WriteString("QueryID", query.Id.ToString());
        WriteRunner(json, query);
        json.WriteStartArray("PeerQueries");
        foreach (
            var peer in query.Peers.Where(static peer =>
                peer.Dial is not null || peer.Requests.Any(static request => request.StartNs is not null)
            )
        )
        {
            WritePeer(json, query, peer);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRunner(Utf8JsonWriter json, Query query)
    {
        var last = Waterfall.Of(query).AxisNs;
        json.WriteStartObject("RunnerState");
        WriteNumber(json, "PeersSeen", query.Counts.Seen);
        WriteNumber(json, "PeersQueried", query.Counts.Queried);
        WriteNumber(json, "PeersDialed", query.Counts.Dialed);
        WriteNumber(json, "PeersToQuery", query.Counts.ToQuery);
        WriteNumber(json, "PeersRemaining", query.Counts.Remaining);
        json.WriteStartObject("Result");
        json.WriteBoolean("Success", query.Outcome == QueryOutcome.Success);
        json.WriteString("FoundPeer", query is { Type: QueryType.FindPeer, Outcome: QueryOutcome.Success } ? query.Key?.Text : null);
        json.WriteNull("CloserPeers");
        WriteNumber(json, "QueriedPeers", query.Counts.Queried);
        json.WriteNull("FinalPeers");
        json.WriteEndObject();
        json.WriteStartObject("RateLimit");
        WriteNumber(json, "Capacity", query.Parameters.Alpha);
        WriteNumber(json, "Length", null);
        json.WriteEndObject();
        json.WriteString("StartTime", EventLogEventWriter.Time(query, 0));
        json.WriteString("CurrTime", EventLogEventWriter.Time(query, last));
        json.WriteString("EndTime", query.DurationNs is { } duration ? EventLogEventWriter.Time(query, duration) : null);
        json.WriteEndObject();
    }

    private static void WritePeer(Utf8JsonWriter json, Query query, QueryPeer peer)
    {
        json.WriteStartObject();
        json.WriteString("QueryID", query.Id.ToString());
        WriteNumber(json, "Order", peer.Order);
        json.WriteString("PeerID", peer.Id);
        WriteNumber(json, "XORDistance", peer.Xor);
        WriteNumber(json, "Hops", peer.Hops);
        json.WriteStartArray("Spans");
        if (peer.Dial is { } dial)
        {
            WriteSpan(json, query, "Dial", dial.StartNs, dial.DurationNs);
        }

        foreach (var request in peer.Requests.Where(static request => request.StartNs is not null))
        {
            WriteSpan(json, query, "Request", request.StartNs, request.DurationNs);
        }

        json.WriteEndArray();
        WriteNumber(json, "TotalDuration", RowLabel.BusyNs(peer) / 1000);
        WriteNumber(json, "Records", Sum(peer, static request => request.Records));
        WriteNumber(json, "CloserPeersRecv", Sum(peer, static request => request.Returned));
        WriteNumber(json, "CloserPeersNew", Sum(peer, static request => request.New));
        WriteNumber(json, "ProviderPeersRecv", Sum(peer, static request => request.Providers));
        WriteNumber(json, "ProviderPeersNew", null);
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, Query query, string type, long? startNs, long? durationNs)
    {
        json.WriteStartObject();
        json.WriteString("Type", type);
        json.WriteString("Start", startNs is { } start ? EventLogEventWriter.Time(query, start) : null);
        json.WriteString("End", startNs + durationNs is { } end ? EventLogEventWriter.Time(query, end) : null);
        WriteNumber(json, "Duration", durationNs / 1000);
        json.WriteEndObject();
    }

    /// <summary>The sum of the known values; null when none is known.</summary>
    private static int? Sum(QueryPeer peer, Func<PeerRequest, int?> value)
    {
        var known = peer.Requests.Select(value).Where(static number => number is not null).ToList();
        return known.Count == 0 ? null : known.Sum();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
