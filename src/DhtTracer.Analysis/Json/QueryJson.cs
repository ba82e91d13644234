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
        json.NumberOrNull("terminatedNs", query.TerminatedNs);
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
        json.NumberOrNull("durationNs", query.DurationNs);
        json.WriteString("outcome", query.Outcome == QueryOutcome.Unknown ? null : Words.Of(query.Outcome));
        WriteError(json, query.Error);
        json.WriteString("termination", query.Termination is { } termination ? Words.Of(termination) : null);
        json.NumberOrNull("discoveryNs", query.DiscoveryNs);
        json.WriteString("discoveredBy", query.DiscoveredBy);
        json.NumberOrNull("firstAnswerNs", query.FirstAnswerNs);
        json.WriteStartObject("missing");
        json.WriteNumber("spans", query.Missing.Spans);
        json.WriteNumber("events", query.Missing.Events);
        json.WriteEndObject();
        json.WriteStartObject("parameters");
        json.NumberOrNull("alpha", query.Parameters.Alpha);
        json.NumberOrNull("beta", query.Parameters.Beta);
        json.NumberOrNull("k", query.Parameters.K);
        json.WriteEndObject();
        WriteCounts(json, query.Counts);
        json.NumberOrNull("xor", query.Xor);
        json.NumberOrNull("hops", query.Hops);
        json.NumberOrNull("hopsAtLeast", query.HopsAtLeast);
        json.NumberOrNull("analysisVersion", query.AnalysisVersion);
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
        json.NumberOrNull("seen", counts.Seen);
        json.NumberOrNull("queried", counts.Queried);
        json.NumberOrNull("dialed", counts.Dialed);
        json.NumberOrNull("dialFailed", counts.DialFailed);
        json.NumberOrNull("toQuery", counts.ToQuery);
        json.NumberOrNull("remaining", counts.Remaining);
        json.NumberOrNull("results", counts.Results);
        json.NumberOrNull("returned", counts.Returned);
        json.NumberOrNull("duplicates", counts.Duplicates);
        json.WriteBoolean("seenComplete", counts.SeenComplete);
        json.NumberOrNull("sent", counts.Sent);
        json.WriteEndObject();
    }

    private static void WritePeer(Utf8JsonWriter json, QueryPeer peer)
    {
        json.WriteStartObject();
        json.WriteString("id", peer.Id);
        json.NumberOrNull("order", peer.Order);
        json.NumberOrNull("xor", peer.Xor);
        json.NumberOrNull("hops", peer.Hops);
        json.NumberOrNull("hopsAtLeast", peer.HopsAtLeast);
        json.WriteString("referrer", peer.Referrer);
        json.WriteBoolean("referrerInferred", peer.ReferrerInferred);
        json.WriteString("askedAfter", peer.AskedAfter);
        json.NumberOrNull("heardNs", peer.HeardNs);
        json.NumberOrNull("timeLostNs", peer.TimeLostNs);
        json.NumberOrNull("takenNs", peer.TakenNs);
        json.WriteString("state", Words.Of(peer.State));
        if (peer.Dial is { } dial)
        {
            json.WriteStartObject("dial");
            json.WriteNumber("startNs", dial.StartNs);
            json.NumberOrNull("durationNs", dial.DurationNs);
            json.FlagOrNull("reused", dial.Reused);
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
        json.NumberOrNull("latencyNs", peer.LatencyNs);
        WriteTexts(json, "addresses", peer.Addresses);
        WriteTexts(json, "protocols", peer.Protocols);
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, PeerRequest request)
    {
        json.WriteStartObject();
        json.WriteString("type", request.Type == MessageType.Unknown ? null : Words.Of(request.Type));
        json.NumberOrNull("startNs", request.StartNs);
        json.NumberOrNull("durationNs", request.DurationNs);
        json.NumberOrNull("endNs", request.EndNs);
        json.WriteString("outcome", Words.Of(request.Outcome));
        WriteError(json, request.Error);
        json.NumberOrNull("returned", request.Returned);
        json.NumberOrNull("new", request.New);
        json.NumberOrNull("providers", request.Providers);
        json.NumberOrNull("records", request.Records);
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
}
