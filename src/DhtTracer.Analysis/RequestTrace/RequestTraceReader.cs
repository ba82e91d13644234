using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Reads the parts of a file as operations, queries and peers.</summary>
/// <remarks>The parts come out of spans, so they may be damaged: every problem is a <see cref="JsonException"/>.</remarks>
internal static class RequestTraceReader
{
    /// <summary>Reads a request without its lookups.</summary>
    public static Operation Request(JsonElement json, TraceId traceId) =>
        new()
        {
            Id = new QueryId(traceId, Id(json, "id")),
            Type = QueryJsonReader.WordOr(json, "type", QueryType.Unknown),
            Key = Key(json),
            KeyCount = QueryJsonReader.Int(json, "keyCount"),
            Source = Source(json) ?? TraceSource.RequestTrace,
            Service = QueryJsonReader.OptionalText(json, "service"),
            Instance = QueryJsonReader.OptionalText(json, "instance"),
            Node = QueryJsonReader.OptionalText(json, "node"),
            Background = QueryJsonReader.OptionalFlag(json, "background") ?? false,
            BackgroundKind = Words.TryParse<BackgroundKind>(QueryJsonReader.OptionalText(json, "backgroundReason"), out var kind)
                ? kind
                : null,
            StartUnixNano = QueryJsonReader.Start(json),
            DurationNs = QueryJsonReader.Number(json, "durationNs"),
            Outcome = QueryJsonReader.WordOr(json, "outcome", QueryOutcome.Unknown),
            Error = QueryJsonReader.Error(json),
            DiscoveryNs = QueryJsonReader.Number(json, "discoveryNs"),
            Results = QueryJsonReader.Int(json, "results"),
            Decisive = OptionalId(json, "answeredBy") is { } decisive ? new QueryId(traceId, decisive) : null,
            Context = QueryJsonReader.Array(
                json,
                "callers",
                static item => new OperationContext(
                    Id(item, "id"),
                    QueryJsonReader.Text(item, "name"),
                    QueryJsonReader.OptionalText(item, "detail")
                )
            ),
            Command = OptionalId(json, "command"),
            ParentIsMissing = QueryJsonReader.OptionalFlag(json, "callerMissing") ?? false,
            Routers = QueryJsonReader.Array(
                json,
                "routers",
                static item => new OperationRouter(
                    Id(item, "id"),
                    QueryJsonReader.Text(item, "name"),
                    QueryJsonReader.RequiredNumber(item, "startNs"),
                    QueryJsonReader.Number(item, "durationNs"),
                    QueryJsonReader.Error(item)
                )
            ),
            Fates = ProviderFatesJson.Read(json, "retrieval"),
            Parts = QueryJsonReader.Array(
                json,
                "joined",
                static item =>
                    item.ValueKind == JsonValueKind.String && QueryId.TryParse(item.GetString(), out var id)
                        ? id
                        : throw QueryJsonReader.Bad("joined", "trace ids and ids, joined by hyphens")
            ),
        };

    /// <summary>Whether a lookup has no counts: what it leaves out follows from its peers and its request.</summary>
    public static bool IsPlain(JsonElement lookup) => QueryJsonReader.Object(lookup, "counts") is null;

    /// <summary>Reads a lookup with its peers.</summary>
    public static Query Lookup(JsonElement json, IReadOnlyList<JsonElement> peers, Operation request)
    {
        var query = new Query
        {
            Id = new QueryId(request.Id.TraceId, Id(json, "id")),
            OperationId = request.Id,
            Background = QueryJsonReader.OptionalFlag(json, "background") ?? false,
            Side = QueryJsonReader.OptionalText(json, "side") is null ? null : QueryJsonReader.Word<DhtSide>(json, "side"),
            Skipped = QueryJsonReader.OptionalFlag(json, "skipped") ?? false,
            Type = QueryJsonReader.WordOr(json, "type", QueryType.Unknown),
            Key = Key(json),
            Source = Source(json) ?? request.Source,
            Service = QueryJsonReader.OptionalText(json, "service"),
            Node = QueryJsonReader.OptionalText(json, "node"),
            StartUnixNano = QueryJsonReader.OptionalText(json, "startUnixNano") is null
                ? request.StartUnixNano
                : QueryJsonReader.Start(json),
            DurationNs = QueryJsonReader.Number(json, "durationNs"),
            Outcome = QueryJsonReader.WordOr(json, "outcome", QueryOutcome.Unknown),
            Error = QueryJsonReader.Error(json),
            Termination = QueryJsonReader.OptionalText(json, "termination") is null
                ? null
                : QueryJsonReader.Word<QueryTermination>(json, "termination"),
            TerminatedNs = QueryJsonReader.Number(json, "terminatedNs"),
            DiscoveryNs = QueryJsonReader.Number(json, "discoveryNs"),
            DiscoveredBy = QueryJsonReader.OptionalText(json, "discoveredBy"),
            FirstAnswerNs = QueryJsonReader.Number(json, "firstAnswerNs"),
            Missing = QueryJsonReader.Object(json, "missing") is { } missing
                ? new MissingParts(QueryJsonReader.Int(missing, "parts") ?? 0, QueryJsonReader.Int(missing, "events") ?? 0)
                : default,
            Parameters = QueryJsonReader.Object(json, "parameters") is { } parameters
                ? new QueryParameters(
                    QueryJsonReader.Int(parameters, "alpha"),
                    QueryJsonReader.Int(parameters, "beta"),
                    QueryJsonReader.Int(parameters, "k")
                )
                : new QueryParameters(null, null, null),
            Xor = QueryJsonReader.Int(json, "xor"),
            Hops = QueryJsonReader.Int(json, "hops"),
            HopsAtLeast = QueryJsonReader.Int(json, "hopsAtLeast"),
        };
        return QueryJsonReader.Object(json, "counts") is { } counts
            ? query with
            {
                Counts = QueryJsonReader.Counts(counts),
                Peers = [.. peers.Select(peer => Peer(peer, query.DurationNs is >= 0))],
            }
            : PlainLookup.Complete(query, [.. peers.Select(peer => (Peer(peer, false), Says(peer, "state")))], request);
    }

    private static QueryPeer Peer(JsonElement json, bool isEnded) =>
        new()
        {
            Id = PeerText.Canonical(QueryJsonReader.Text(json, "id")),
            Order = QueryJsonReader.Int(json, "order"),
            Xor = QueryJsonReader.Int(json, "xor"),
            Hops = QueryJsonReader.Int(json, "hops"),
            HopsAtLeast = QueryJsonReader.Int(json, "hopsAtLeast"),
            Referrer = PeerOrNull(json, "referrer"),
            ReferrerInferred = QueryJsonReader.OptionalFlag(json, "referrerInferred") ?? false,
            AskedAfter = PeerOrNull(json, "askedAfter"),
            HeardNs = QueryJsonReader.Number(json, "heardNs"),
            TakenNs = QueryJsonReader.Number(json, "takenNs"),
            TimeLostNs = isEnded ? 0 : null,
            State = QueryJsonReader.WordOr(json, "state", PeerState.Unknown),
            Dial = QueryJsonReader.Object(json, "dial") is { } dial
                ? new PeerDial(
                    QueryJsonReader.RequiredNumber(dial, "startNs"),
                    QueryJsonReader.Number(dial, "durationNs"),
                    QueryJsonReader.OptionalFlag(dial, "reused"),
                    QueryJsonReader.Error(dial)
                )
                : null,
            Requests = QueryJsonReader.Array(json, "messages", Message),
            Duplicate = QueryJsonReader.OptionalFlag(json, "duplicate") ?? false,
            Agent = QueryJsonReader.OptionalText(json, "agent"),
            LatencyNs = QueryJsonReader.Number(json, "latencyNs"),
            Addresses = QueryJsonReader.Texts(json, "addresses"),
            Protocols = QueryJsonReader.Texts(json, "protocols"),
        };

    private static PeerRequest Message(JsonElement json) =>
        new()
        {
            Type = QueryJsonReader.WordOr(json, "type", MessageType.Unknown),
            StartNs = QueryJsonReader.Number(json, "startNs"),
            DurationNs = QueryJsonReader.Number(json, "durationNs"),
            EndNs = QueryJsonReader.Number(json, "endNs"),
            Outcome = QueryJsonReader.Word<RequestOutcome>(json, "outcome"),
            Error = QueryJsonReader.Error(json),
            Returned = QueryJsonReader.Int(json, "returned"),
            New = QueryJsonReader.Int(json, "new"),
            Providers = QueryJsonReader.Int(json, "providers"),
            Records = QueryJsonReader.Int(json, "records"),
            Ipns = QueryJsonReader.Object(json, "ipns") is { } ipns ? RecordLifeJson.Read(ipns) : null,
            Named = Says(json, "named") ? [.. QueryJsonReader.Texts(json, "named").Select(static id => PeerText.Canonical(id))] : default,
        };

    private static QueryKey? Key(JsonElement json)
    {
        if (QueryJsonReader.Object(json, "key") is not { } key)
        {
            return null;
        }

        var text = QueryJsonReader.Text(key, "text");
        if (Pseudonym.KadId(text) is { } position)
        {
            // Archives find keys by their bytes. A pseudonym has none, so its text stands for them.
            return new QueryKey(text, Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text)), position.ToString());
        }

        var bytes = QueryJsonReader.Text(key, "bytes");
        try
        {
            return new QueryKey(text, bytes, KadId.Of(Convert.FromHexString(bytes)).ToString());
        }
        catch (FormatException)
        {
            throw QueryJsonReader.Bad("bytes", "bytes in hex");
        }
    }

    private static TraceSource? Source(JsonElement json) =>
        QueryJsonReader.OptionalText(json, "source") switch
        {
            null => null,
            var text when Words.TryParse<TraceSource>(text, out var source) => source,
            _ => TraceSource.RequestTrace,
        };

    private static string? PeerOrNull(JsonElement json, string name) =>
        QueryJsonReader.OptionalText(json, name) is { } id ? PeerText.Canonical(id) : null;

    private static bool Says(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    private static SpanId? OptionalId(JsonElement json, string name) =>
        QueryJsonReader.OptionalText(json, name) is null ? null : Id(json, name);

    private static SpanId Id(JsonElement json, string name) =>
        SpanId.TryParse(QueryJsonReader.Text(json, name), out var id) ? id : throw QueryJsonReader.Bad(name, "16 hex digits");
}
