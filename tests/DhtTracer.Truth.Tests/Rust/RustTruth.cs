using System.Text.Json;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Rust;

/// <summary>One operation of <c>truth.jsonl.gz</c>: what both ends saw, see the README of the captures.</summary>
internal sealed class RustTruth
{
    private readonly JsonElement _json;

    public RustTruth(JsonElement json)
    {
        _json = json;
        Requests = [.. json.GetProperty("requests").EnumerateArray().Select(static request => new RustTruthRequest(request))];
    }

    public static IReadOnlyList<RustTruth> Of(CaptureFolder capture) =>
        [.. CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).Select(static line => new RustTruth(line))];

    public IReadOnlyList<RustTruthRequest> Requests { get; }

    public string Label => _json.GetProperty("op").GetString()!;

    public long Number => _json.GetProperty("queryId").GetInt64();

    public string Node => _json.GetProperty("node").GetString()!;

    /// <summary>Bytes of the key in hex; null for a bootstrap.</summary>
    public string? Key => _json.GetProperty("keyHex").GetString();

    public ulong StartNs => _json.GetProperty("startNs").GetUInt64();

    public ulong EndNs => _json.GetProperty("endNs").GetUInt64();

    public long DurationNs => (long)(EndNs - StartNs);

    public bool IsBootstrap => _json.GetProperty("type").GetString() == "bootstrap";

    public QueryType Type =>
        _json.GetProperty("type").GetString() switch
        {
            "closest" or "find" or "bootstrap" => QueryType.GetClosestPeers,
            "providers" => QueryType.GetProviders,
            "provide" => QueryType.AddProvider,
            "put" => QueryType.PutValue,
            "get" => QueryType.GetValue,
            var other => throw new InvalidOperationException($"a new type of operation: {other}"),
        };

    /// <summary>What the caller was told.</summary>
    public QueryOutcome Outcome => OutcomeOf(Told());

    /// <summary>How many things the caller got; null where he was not told a number.</summary>
    public int? Results => ResultsOf(Told());

    /// <summary>The same without what the node's own store gave: the adapter is told of answers of others only.</summary>
    public (QueryOutcome Outcome, int? Results) OfOthers
    {
        get
        {
            var told = Told().Where(step => !IsOwn(step)).ToList();
            return (OutcomeOf(told), ResultsOf(told));
        }
    }

    private QueryOutcome OutcomeOf(List<JsonElement> told)
    {
        if (told.Exists(static step => Has(step, "failed")))
        {
            // litep2p's QueryFailed.
            return Type is QueryType.GetValue or QueryType.GetProviders ? QueryOutcome.NotFound : QueryOutcome.Failed;
        }

        return Type switch
        {
            QueryType.GetProviders => told.Exists(static step =>
                Has(step, "providers") && step.GetProperty("providers").GetArrayLength() > 0
            )
                ? QueryOutcome.Success
                : QueryOutcome.NotFound,
            QueryType.GetValue => told.Exists(static step => Has(step, "record")) ? QueryOutcome.Success : QueryOutcome.NotFound,
            QueryType.PutValue => told.Exists(static step => Has(step, "quorumFailed")) ? QueryOutcome.Failed : QueryOutcome.Success,
            _ => QueryOutcome.Success,
        };
    }

    private int? ResultsOf(List<JsonElement> told) =>
        Type switch
        {
            QueryType.GetClosestPeers => told.Where(static step => Has(step, "closest"))
                .Select(static step => (int?)step.GetProperty("closest").GetArrayLength())
                .LastOrDefault(),
            QueryType.GetProviders => told.Where(static step => Has(step, "providers"))
                .SelectMany(static step => step.GetProperty("providers").EnumerateArray().Select(static id => id.GetString()))
                .Distinct()
                .Count(),
            QueryType.GetValue => told.Count(static step => Has(step, "record")),
            _ => null,
        };

    private List<JsonElement> Told() =>
        [
            .. _json
                .GetProperty("progress")
                .EnumerateArray()
                .Select(static step => step.TryGetProperty("result", out var result) ? result : step),
        ];

    // {"peer":null,"record":400} and {"providers":["the node itself"]} come before anybody was asked.
    private bool IsOwn(JsonElement step) =>
        (step.ValueKind == JsonValueKind.Object && step.TryGetProperty("peer", out var peer) && peer.ValueKind == JsonValueKind.Null)
        || (Has(step, "providers") && step.GetProperty("providers") is { } ids && ids.GetArrayLength() == 1 && ids[0].GetString() == Node);

    private static bool Has(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value)
        && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);
}

/// <summary>A request as both ends saw it.</summary>
internal sealed class RustTruthRequest(JsonElement json)
{
    public string Peer => json.GetProperty("peer").GetString()!;

    public MessageType Type => Enum.GetValues<MessageType>().Single(type => Words.Of(type) == json.GetProperty("type").GetString());

    /// <summary>When it was handed to an open connection; null when it waited for one.</summary>
    public ulong? AskedNs => Number("askedNs");

    public ulong? ArrivedNs => Number("arrivedNs");

    public ulong? ServerSentNs => Number("serverSentNs");

    public ulong? AnsweredNs => Number("answeredNs");

    public ulong? FailedNs => Number("failedNs");

    public bool AfterEnd => json.GetProperty("afterEnd").GetBoolean();

    public IReadOnlyList<string>? Closer => Ids("closer");

    public IReadOnlyList<string>? Providers => Ids("providers");

    /// <summary>Whether the answer carried a record; null for answers that carry none.</summary>
    public bool? Record =>
        json.GetProperty("record").ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    private ulong? Number(string name) => json.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetUInt64() : null;

    private List<string>? Ids(string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Array } value
            ? [.. value.EnumerateArray().Select(static id => id.GetString()!)]
            : null;
}
