using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Json;

/// <summary>
/// The reconstruction as JSON: one contract for the command line, the API, exports and tests. An unknown value is <c>null</c>, never 0 and
/// never left out. Integers are exact. Times inside a query are nanoseconds after its start.
/// </summary>
public static class QueryJson
{
    /// <summary>Writes no line breaks, and escapes only what JSON requires. The text is not safe inside HTML.</summary>
    public static JsonWriterOptions Compact { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a query with its peers.</summary>
    public static void Write(Utf8JsonWriter json, Query query)
    {
        json.WriteStartObject();
        WriteSummary(json, query);
        WriteNumber(json, "terminatedNs", query.TerminatedNs);
        WritePhases(json, query.Phases);
        LintJson.Write(json, QueryLint.Of(query));
        json.WriteStartArray("peers");
        foreach (var peer in query.Peers)
        {
            WritePeer(json, peer);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes a query without its peers, as in a list.</summary>
    public static void WriteWithoutPeers(Utf8JsonWriter json, QuerySummary query)
    {
        json.WriteStartObject();
        WriteSummary(json, query);
        json.WriteEndObject();
    }

    /// <summary>A query with its peers, as UTF-8.</summary>
    public static byte[] ToUtf8(Query query)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            Write(json, query);
        }

        return buffer.ToArray();
    }

    /// <summary>Reads the JSON that <see cref="Write"/> writes. Without the field for peers, the query has none.</summary>
    /// <exception cref="JsonException">It is not JSON, or a field has a value that the contract does not allow; the message names the
    /// field.</exception>
    public static Query Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        using var document = JsonDocument.ParseValue(ref reader);
        return QueryJsonReader.Read(document.RootElement);
    }

    private static void WriteSummary(Utf8JsonWriter json, QuerySummary query)
    {
        json.WriteString("id", query.Id.ToString());
        json.WriteString("traceId", query.Id.TraceId.ToString());
        json.WriteString("spanId", query.Id.SpanId.ToString());
        json.WriteString("operationId", query.OperationId.ToString());
        json.WriteBoolean("background", query.Background);
        json.WriteString("side", query.Side is { } side ? Words.Of(side) : null);
        json.WriteBoolean("skipped", query.Skipped);
        json.WriteString("type", query.Type == QueryType.Unknown ? null : Words.Of(query.Type));
        WriteKey(json, query.Key);
        json.WriteString("source", Words.Of(query.Source));
        json.WriteString("service", query.Service);
        json.WriteString("node", query.Node);
        json.WriteString("startUnixNano", query.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        WriteNumber(json, "durationNs", query.DurationNs);
        json.WriteString("outcome", query.Outcome == QueryOutcome.Unknown ? null : Words.Of(query.Outcome));
        WriteError(json, query.Error);
        json.WriteString("termination", query.Termination is { } termination ? Words.Of(termination) : null);
        WriteNumber(json, "discoveryNs", query.DiscoveryNs);
        json.WriteString("discoveredBy", query.DiscoveredBy);
        WriteNumber(json, "firstAnswerNs", query.FirstAnswerNs);
        json.WriteStartObject("missing");
        json.WriteNumber("spans", query.Missing.Spans);
        json.WriteNumber("events", query.Missing.Events);
        json.WriteEndObject();
        json.WriteStartObject("parameters");
        WriteNumber(json, "alpha", query.Parameters.Alpha);
        WriteNumber(json, "beta", query.Parameters.Beta);
        WriteNumber(json, "k", query.Parameters.K);
        json.WriteEndObject();
        WriteCounts(json, query.Counts);
        WriteNumber(json, "xor", query.Xor);
        WriteNumber(json, "hops", query.Hops);
        WriteNumber(json, "hopsAtLeast", query.HopsAtLeast);
        WriteNumber(json, "analysisVersion", query.AnalysisVersion);
    }

    internal static void WriteKey(Utf8JsonWriter json, QueryKey? key)
    {
        if (key is null)
        {
            json.WriteNull("key");
            return;
        }

        json.WriteStartObject("key");
        json.WriteString("text", key.Text);
        json.WriteString("bytes", key.Bytes);
        json.WriteString("kadId", key.KadId);
        json.WriteEndObject();
    }

    private static void WritePhases(Utf8JsonWriter json, PhaseTimes? phases)
    {
        if (phases is null)
        {
            json.WriteNull("phases");
            return;
        }

        json.WriteStartObject("phases");
        json.WriteNumber("ownNs", phases.OwnNs);
        json.WriteNumber("firstPeersNs", phases.FirstPeersNs);
        json.WriteNumber("dialsNs", phases.DialsNs);
        json.WriteNumber("requestsNs", phases.RequestsNs);
        json.WriteNumber("tailNs", phases.TailNs);
        json.WriteNumber("followUpNs", phases.FollowUpNs);
        json.WriteNumber("storesNs", phases.StoresNs);
        json.WriteNumber("unknownNs", phases.UnknownNs);
        json.WriteNumber("totalNs", phases.TotalNs);
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, QueryCounts counts)
    {
        json.WriteStartObject("counts");
        WriteNumber(json, "seen", counts.Seen);
        WriteNumber(json, "queried", counts.Queried);
        WriteNumber(json, "dialed", counts.Dialed);
        WriteNumber(json, "dialFailed", counts.DialFailed);
        WriteNumber(json, "toQuery", counts.ToQuery);
        WriteNumber(json, "remaining", counts.Remaining);
        WriteNumber(json, "results", counts.Results);
        WriteNumber(json, "returned", counts.Returned);
        WriteNumber(json, "duplicates", counts.Duplicates);
        json.WriteBoolean("seenComplete", counts.SeenComplete);
        WriteNumber(json, "sent", counts.Sent);
        json.WriteEndObject();
    }

    private static void WritePeer(Utf8JsonWriter json, QueryPeer peer)
    {
        json.WriteStartObject();
        json.WriteString("id", peer.Id);
        WriteNumber(json, "order", peer.Order);
        WriteNumber(json, "xor", peer.Xor);
        WriteNumber(json, "hops", peer.Hops);
        WriteNumber(json, "hopsAtLeast", peer.HopsAtLeast);
        json.WriteString("referrer", peer.Referrer);
        json.WriteBoolean("referrerInferred", peer.ReferrerInferred);
        json.WriteString("askedAfter", peer.AskedAfter);
        WriteNumber(json, "heardNs", peer.HeardNs);
        WriteNumber(json, "timeLostNs", peer.TimeLostNs);
        WriteNumber(json, "takenNs", peer.TakenNs);
        json.WriteString("state", Words.Of(peer.State));
        if (peer.Dial is { } dial)
        {
            json.WriteStartObject("dial");
            json.WriteNumber("startNs", dial.StartNs);
            WriteNumber(json, "durationNs", dial.DurationNs);
            WriteBoolean(json, "reused", dial.Reused);
            WriteError(json, dial.Error);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("dial");
        }

        json.WriteStartArray("requests");
        foreach (var request in peer.Requests)
        {
            WriteRequest(json, request);
        }

        json.WriteEndArray();
        json.WriteBoolean("duplicate", peer.Duplicate);
        json.WriteString("agent", peer.Agent);
        WriteNumber(json, "latencyNs", peer.LatencyNs);
        WriteTexts(json, "addresses", peer.Addresses);
        WriteTexts(json, "protocols", peer.Protocols);
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, PeerRequest request)
    {
        json.WriteStartObject();
        json.WriteString("type", request.Type == MessageType.Unknown ? null : Words.Of(request.Type));
        WriteNumber(json, "startNs", request.StartNs);
        WriteNumber(json, "durationNs", request.DurationNs);
        WriteNumber(json, "endNs", request.EndNs);
        json.WriteString("outcome", Words.Of(request.Outcome));
        WriteError(json, request.Error);
        WriteNumber(json, "returned", request.Returned);
        WriteNumber(json, "new", request.New);
        WriteNumber(json, "providers", request.Providers);
        WriteNumber(json, "records", request.Records);
        RecordLifeJson.Write(json, "ipns", request.Ipns);
        if (request.Named.IsDefault)
        {
            json.WriteNull("named");
        }
        else
        {
            WriteTexts(json, "named", request.Named);
        }

        json.WriteEndObject();
    }

    internal static void WriteTexts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    internal static void WriteError(Utf8JsonWriter json, TraceError? error)
    {
        if (error is null)
        {
            json.WriteNull("error");
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("class", error.Class);
        json.WriteString("text", error.Text);
        json.WriteEndObject();
    }

    internal static void WriteNumber(Utf8JsonWriter json, string name, long? value)
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

    private static void WriteBoolean(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
