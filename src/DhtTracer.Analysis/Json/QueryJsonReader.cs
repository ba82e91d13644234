using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Json;

/// <summary>
/// Reads the JSON of <see cref="QueryJson"/>. Ignores fields that a later version added, and reads a missing field as null.
/// </summary>
internal static class QueryJsonReader
{
    public static Query Read(JsonElement json) =>
        new()
        {
            Id = Id(json, "id"),
            OperationId = Id(json, "operationId"),
            Background = Flag(json, "background"),
            Side = OptionalText(json, "side") is null ? null : Word<DhtSide>(json, "side"),
            Skipped = OptionalFlag(json, "skipped") ?? false,
            Type = OptionalText(json, "type") is null ? QueryType.Unknown : Word<QueryType>(json, "type"),
            Key = Key(json),
            Source = Word<TraceSource>(json, "source"),
            Service = OptionalText(json, "service"),
            Node = OptionalText(json, "node"),
            StartUnixNano = Start(json),
            DurationNs = Number(json, "durationNs"),
            Outcome = WordOr(json, "outcome", QueryOutcome.Unknown),
            Error = Error(json),
            Termination = OptionalText(json, "termination") is null ? null : Word<QueryTermination>(json, "termination"),
            DiscoveryNs = Number(json, "discoveryNs"),
            DiscoveredBy = OptionalText(json, "discoveredBy"),
            Missing = Object(json, "missing") is { } missing
                ? new MissingParts(Int(missing, "spans") ?? 0, Int(missing, "events") ?? 0)
                : default,
            FirstAnswerNs = Number(json, "firstAnswerNs"),
            Parameters = Object(json, "parameters") is { } parameters
                ? new QueryParameters(Int(parameters, "alpha"), Int(parameters, "beta"), Int(parameters, "k"))
                : new QueryParameters(null, null, null),
            Counts = Object(json, "counts") is { } counts ? Counts(counts) : new QueryCounts(),
            Xor = Int(json, "xor"),
            Hops = Int(json, "hops"),
            HopsAtLeast = Int(json, "hopsAtLeast"),
            AnalysisVersion = Int(json, "analysisVersion"),
            TerminatedNs = Number(json, "terminatedNs"),
            Phases = Object(json, "phases") is { } phases ? Phases(phases) : null,
            Peers = Array(json, "peers", Peer),
        };

    internal static QueryKey? Key(JsonElement json) =>
        Object(json, "key") is { } key ? new QueryKey(Text(key, "text"), Text(key, "bytes"), Text(key, "kadId")) : null;

    internal static ulong Start(JsonElement json) =>
        ulong.TryParse(Text(json, "startUnixNano"), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? start
            : throw Bad("startUnixNano", "a decimal string");

    private static PhaseTimes Phases(JsonElement json) =>
        new(
            RequiredNumber(json, "ownNs"),
            RequiredNumber(json, "firstPeersNs"),
            RequiredNumber(json, "dialsNs"),
            RequiredNumber(json, "requestsNs"),
            RequiredNumber(json, "tailNs"),
            RequiredNumber(json, "followUpNs"),
            RequiredNumber(json, "storesNs"),
            RequiredNumber(json, "unknownNs")
        );

    internal static QueryCounts Counts(JsonElement json) =>
        new()
        {
            Seen = Int(json, "seen"),
            Queried = Int(json, "queried"),
            Dialed = Int(json, "dialed"),
            DialFailed = Int(json, "dialFailed"),
            ToQuery = Int(json, "toQuery"),
            Remaining = Int(json, "remaining"),
            Results = Int(json, "results"),
            Returned = Int(json, "returned"),
            Duplicates = Int(json, "duplicates"),
            SeenComplete = OptionalFlag(json, "seenComplete") ?? true,
            Sent = Int(json, "sent"),
        };

    private static QueryPeer Peer(JsonElement json) =>
        new()
        {
            Id = Text(json, "id"),
            Order = Int(json, "order"),
            Xor = Int(json, "xor"),
            Hops = Int(json, "hops"),
            HopsAtLeast = Int(json, "hopsAtLeast"),
            Referrer = OptionalText(json, "referrer"),
            ReferrerInferred = Flag(json, "referrerInferred"),
            AskedAfter = OptionalText(json, "askedAfter"),
            HeardNs = Number(json, "heardNs"),
            TimeLostNs = Number(json, "timeLostNs"),
            TakenNs = Number(json, "takenNs"),
            State = Word<PeerState>(json, "state"),
            Dial = Object(json, "dial") is { } dial
                ? new PeerDial(RequiredNumber(dial, "startNs"), Number(dial, "durationNs"), OptionalFlag(dial, "reused"), Error(dial))
                : null,
            Requests = Array(json, "requests", Request),
            Duplicate = Flag(json, "duplicate"),
            Agent = OptionalText(json, "agent"),
            LatencyNs = Number(json, "latencyNs"),
            Addresses = Texts(json, "addresses"),
            Protocols = Texts(json, "protocols"),
        };

    private static PeerRequest Request(JsonElement json) =>
        new()
        {
            Type = WordOr(json, "type", MessageType.Unknown),
            StartNs = Number(json, "startNs"),
            DurationNs = Number(json, "durationNs"),
            EndNs = Number(json, "endNs"),
            Outcome = Word<RequestOutcome>(json, "outcome"),
            Error = Error(json),
            Returned = Int(json, "returned"),
            New = Int(json, "new"),
            Providers = Int(json, "providers"),
            Records = Int(json, "records"),
            Ipns = Object(json, "ipns") is { } ipns ? RecordLifeJson.Read(ipns) : null,
            Named = Optional(json, "named", JsonValueKind.Array) is null ? default : Texts(json, "named"),
        };

    internal static TraceError? Error(JsonElement json) =>
        Object(json, "error") is { } error ? new TraceError(Text(error, "class"), OptionalText(error, "text")) : null;

    internal static QueryId Id(JsonElement json, string name) =>
        QueryId.TryParse(Text(json, name), out var id) ? id : throw Bad(name, "traceId-spanId in hex");

    /// <summary>The value of a word; <paramref name="unknown"/> for null.</summary>
    internal static T WordOr<T>(JsonElement json, string name, T unknown)
        where T : struct, Enum => OptionalText(json, name) is null ? unknown : Word<T>(json, name);

    internal static T Word<T>(JsonElement json, string name)
        where T : struct, Enum =>
        Words.TryParse<T>(Text(json, name), out var value)
            ? value
            : throw Bad(name, "one of " + string.Join(' ', Enum.GetValues<T>().Select(Words.Of)));

    internal static string Text(JsonElement json, string name) => OptionalText(json, name) ?? throw Bad(name, "a text");

    internal static string? OptionalText(JsonElement json, string name) => Optional(json, name, JsonValueKind.String)?.GetString();

    internal static ImmutableArray<string> Texts(JsonElement json, string name) =>
        Array(json, name, item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Bad(name, "texts"));

    internal static JsonElement? Object(JsonElement json, string name) => Optional(json, name, JsonValueKind.Object);

    internal static bool Flag(JsonElement json, string name) => OptionalFlag(json, name) ?? throw Bad(name, "true or false");

    internal static bool? OptionalFlag(JsonElement json, string name) =>
        Optional(json, name, JsonValueKind.True, JsonValueKind.False)?.GetBoolean();

    internal static long RequiredNumber(JsonElement json, string name) => Number(json, name) ?? throw Bad(name, "an integer");

    internal static long? Number(JsonElement json, string name) =>
        Optional(json, name, JsonValueKind.Number) is not { } element ? null
        : element.TryGetInt64(out var value) ? value
        : throw Bad(name, "an integer");

    internal static int? Int(JsonElement json, string name) =>
        Number(json, name) switch
        {
            null => null,
            >= int.MinValue and <= int.MaxValue and var value => (int)value,
            _ => throw Bad(name, "a 32-bit integer"),
        };

    internal static ImmutableArray<T> Array<T>(JsonElement json, string name, Func<JsonElement, T> item) =>
        Optional(json, name, JsonValueKind.Array) is { } array ? [.. array.EnumerateArray().Select(item)] : [];

    private static JsonElement? Optional(JsonElement json, string name, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return kinds.Contains(value.ValueKind) ? value : throw Bad(name, "of kind " + string.Join(" or ", kinds.ToArray()));
    }

    internal static JsonException Bad(string name, string expected) => new($"The field {name} must be {expected}.");
}
