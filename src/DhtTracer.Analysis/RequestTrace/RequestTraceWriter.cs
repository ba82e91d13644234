using System.Globalization;
using System.Reflection;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Writes operations in the format IPFS Request Trace. What is unknown is left out.</summary>
public static class RequestTraceWriter
{
    /// <summary>Begins a file, up to its array of requests.</summary>
    /// <param name="json">Where to write.</param>
    /// <param name="redacted">Whether ids, keys and addresses were replaced.</param>
    public static void Begin(Utf8JsonWriter json, bool redacted)
    {
        json.WriteStartObject();
        json.WriteString("format", RequestTraceNames.Format);
        json.WriteString("version", RequestTraceNames.Version);
        json.WriteStartObject("creator");
        json.WriteString("name", "DhtTracer");
        json.Text(
            "version",
            typeof(RequestTraceWriter)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion.Split('+')[0]
        );
        json.WriteEndObject();
        json.Flag("redacted", redacted);
        json.WriteStartArray("requests");
    }

    /// <summary>Ends a file after its last request.</summary>
    public static void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A file of one operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="queries">Its queries; others are left out.</param>
    /// <param name="redacted">Whether ids, keys and addresses were replaced.</param>
    public static byte[] ToUtf8(Operation operation, IEnumerable<Query> queries, bool redacted = false)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            Begin(json, redacted);
            Write(json, operation, queries);
            End(json);
        }

        return buffer.ToArray();
    }

    /// <summary>Writes an operation as a request with its lookups.</summary>
    public static void Write(Utf8JsonWriter json, Operation operation, IEnumerable<Query> queries)
    {
        json.WriteStartObject();
        json.WriteString("traceId", operation.Id.TraceId.ToString());
        json.WriteString("id", operation.Id.SpanId.ToString());
        json.Text("type", operation.Type == QueryType.Unknown ? null : Words.Of(operation.Type));
        Key(json, operation.Key);
        json.Number("keyCount", operation.KeyCount);
        json.WriteString("source", Words.Of(operation.Source));
        json.Text("service", operation.Service);
        json.Text("instance", operation.Instance);
        json.Text("node", operation.Node);
        json.Flag("background", operation.Background);
        json.Text("backgroundReason", operation.BackgroundKind is { } kind ? Words.Of(kind) : null);
        json.WriteString("startUnixNano", operation.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        json.Number("durationNs", operation.DurationNs);
        json.Text("outcome", operation.Outcome == QueryOutcome.Unknown ? null : Words.Of(operation.Outcome));
        json.Error(operation.Error);
        json.Number("discoveryNs", operation.DiscoveryNs);
        json.Number("results", operation.Results);
        json.Text("answeredBy", operation.Decisive?.SpanId.ToString());
        Around(json, operation);
        RetrievalWriter.Write(json, operation.Fates);
        json.WriteStartArray("lookups");
        foreach (var query in queries.Where(query => query.OperationId == operation.Id))
        {
            Lookup(json, query);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Around(Utf8JsonWriter json, Operation operation)
    {
        json.Array(
            "callers",
            operation.Context,
            static (json, above) =>
            {
                json.WriteStartObject();
                json.WriteString("id", above.SpanId.ToString());
                json.WriteString("name", above.Name);
                json.Text("detail", above.Detail);
                json.WriteEndObject();
            }
        );
        json.Text("command", operation.Command?.ToString());
        json.Flag("callerMissing", operation.ParentIsMissing);
        json.Array(
            "routers",
            operation.Routers,
            static (json, router) =>
            {
                json.WriteStartObject();
                json.WriteString("id", router.SpanId.ToString());
                json.WriteString("name", router.Name);
                json.WriteNumber("startNs", router.StartNs);
                json.Number("durationNs", router.DurationNs);
                json.Error(router.Error);
                json.WriteEndObject();
            }
        );
        json.Array("joined", operation.Parts, static (json, part) => json.WriteStringValue(part.ToString()));
    }

    private static void Lookup(Utf8JsonWriter json, Query query)
    {
        json.WriteStartObject();
        json.WriteString("id", query.Id.SpanId.ToString());
        json.Text("side", query.Side is { } side ? Words.Of(side) : null);
        json.Flag("skipped", query.Skipped);
        json.Text("type", query.Type == QueryType.Unknown ? null : Words.Of(query.Type));
        Key(json, query.Key);
        json.WriteString("source", Words.Of(query.Source));
        json.Text("service", query.Service);
        json.Text("node", query.Node);
        json.Flag("background", query.Background);
        json.WriteString("startUnixNano", query.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        json.Number("durationNs", query.DurationNs);
        json.Text("outcome", query.Outcome == QueryOutcome.Unknown ? null : Words.Of(query.Outcome));
        json.Error(query.Error);
        json.Text("termination", query.Termination is { } termination ? Words.Of(termination) : null);
        json.Number("terminatedNs", query.TerminatedNs);
        json.Number("discoveryNs", query.DiscoveryNs);
        json.Text("discoveredBy", query.DiscoveredBy);
        json.Number("firstAnswerNs", query.FirstAnswerNs);
        json.WriteStartObject("missing");
        json.Number("parts", query.Missing.Spans == 0 ? null : query.Missing.Spans);
        json.Number("events", query.Missing.Events == 0 ? null : query.Missing.Events);
        json.WriteEndObject();
        json.WriteStartObject("parameters");
        json.Number("alpha", query.Parameters.Alpha);
        json.Number("beta", query.Parameters.Beta);
        json.Number("k", query.Parameters.K);
        json.WriteEndObject();
        Counts(json, query.Counts);
        json.Number("xor", query.Xor);
        json.Number("hops", query.Hops);
        json.Number("hopsAtLeast", query.HopsAtLeast);
        json.WriteStartArray("peers");
        foreach (var peer in query.Peers)
        {
            Peer(json, peer);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Counts(Utf8JsonWriter json, QueryCounts counts)
    {
        json.WriteStartObject("counts");
        json.Number("seen", counts.Seen);
        json.Number("queried", counts.Queried);
        json.Number("dialed", counts.Dialed);
        json.Number("dialFailed", counts.DialFailed);
        json.Number("toQuery", counts.ToQuery);
        json.Number("remaining", counts.Remaining);
        json.Number("results", counts.Results);
        json.Number("returned", counts.Returned);
        json.Number("duplicates", counts.Duplicates);
        if (!counts.SeenComplete)
        {
            json.WriteBoolean("seenComplete", false);
        }

        json.Number("sent", counts.Sent);
        json.WriteEndObject();
    }

    private static void Peer(Utf8JsonWriter json, QueryPeer peer)
    {
        json.WriteStartObject();
        json.WriteString("id", peer.Id);
        json.Number("order", peer.Order);
        json.Number("xor", peer.Xor);
        json.Number("hops", peer.Hops);
        json.Number("hopsAtLeast", peer.HopsAtLeast);
        json.Text("referrer", peer.Referrer);
        json.Flag("referrerInferred", peer.ReferrerInferred);
        json.Text("askedAfter", peer.AskedAfter);
        json.Number("heardNs", peer.HeardNs);
        json.Number("takenNs", peer.TakenNs);
        json.WriteString("state", Words.Of(peer.State));
        if (peer.Dial is { } dial)
        {
            json.WriteStartObject("dial");
            json.WriteNumber("startNs", dial.StartNs);
            json.Number("durationNs", dial.DurationNs);
            if (dial.Reused is { } reused)
            {
                json.WriteBoolean("reused", reused);
            }

            json.Error(dial.Error);
            json.WriteEndObject();
        }

        json.Array("messages", peer.Requests, Message);
        json.Flag("duplicate", peer.Duplicate);
        json.Text("agent", peer.Agent);
        json.Number("latencyNs", peer.LatencyNs);
        json.Array("addresses", peer.Addresses, static (json, text) => json.WriteStringValue(text));
        json.Array("protocols", peer.Protocols, static (json, text) => json.WriteStringValue(text));
        json.WriteEndObject();
    }

    private static void Message(Utf8JsonWriter json, PeerRequest request)
    {
        json.WriteStartObject();
        json.Text("type", request.Type == MessageType.Unknown ? null : Words.Of(request.Type));
        json.Number("startNs", request.StartNs);
        json.Number("durationNs", request.DurationNs);
        json.Number("endNs", request.EndNs == request.StartNs + request.DurationNs ? null : request.EndNs);
        json.WriteString("outcome", Words.Of(request.Outcome));
        json.Error(request.Error);
        json.Number("returned", request.Returned);
        json.Number("new", request.New);
        if (!request.Named.IsDefault)
        {
            json.WriteStartArray("named");
            foreach (var named in request.Named)
            {
                json.WriteStringValue(named);
            }

            json.WriteEndArray();
        }

        json.Number("providers", request.Providers);
        json.Number("records", request.Records);
        if (request.Ipns is { } ipns)
        {
            json.WriteStartObject("ipns");
            json.WriteString("value", ipns.Value);
            json.WriteString("sequence", ipns.Sequence.ToString(CultureInfo.InvariantCulture));
            json.Text("endOfLifeUnixNano", ipns.EndOfLifeUnixNano?.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Key(Utf8JsonWriter json, QueryKey? key)
    {
        if (key is null)
        {
            return;
        }

        json.WriteStartObject("key");
        json.WriteString("text", key.Text);
        if (Pseudonym.KadId(key.Text) is null)
        {
            json.WriteString("bytes", key.Bytes);
            json.WriteString("kadId", key.KadId);
        }

        json.WriteEndObject();
    }
}
