using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Json;

/// <summary>
/// An operation as JSON, by the contract of <see cref="QueryJson"/>: unknown values are <c>null</c>, times are nanoseconds after the
/// operation's start.
/// </summary>
public static class OperationJson
{
    /// <summary>Writes an operation with its queries.</summary>
    public static void Write(Utf8JsonWriter json, Operation operation)
    {
        json.WriteStartObject();
        json.WriteString("id", operation.Id.ToString());
        json.WriteString("type", operation.Type == QueryType.Unknown ? null : Words.Of(operation.Type));
        QueryJson.WriteKey(json, operation.Key);
        json.NumberOrNull("keyCount", operation.KeyCount);
        json.WriteString("source", Words.Of(operation.Source));
        json.WriteString("service", operation.Service);
        json.WriteString("instance", operation.Instance);
        json.WriteString("node", operation.Node);
        json.WriteBoolean("background", operation.Background);
        json.WriteString("backgroundKind", operation.BackgroundKind is { } kind ? Words.Of(kind) : null);
        json.WriteString("startUnixNano", operation.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        json.NumberOrNull("durationNs", operation.DurationNs);
        json.WriteString("outcome", operation.Outcome == QueryOutcome.Unknown ? null : Words.Of(operation.Outcome));
        QueryJson.WriteError(json, operation.Error);
        json.NumberOrNull("discoveryNs", operation.DiscoveryNs);
        json.NumberOrNull("results", operation.Results);
        json.WriteStartArray("queries");
        foreach (var query in operation.Queries)
        {
            json.WriteStartObject();
            json.WriteString("id", query.Id.ToString());
            json.WriteString("side", query.Side is { } side ? Words.Of(side) : null);
            json.WriteBoolean("skipped", query.Skipped);
            json.WriteString("outcome", query.Outcome == QueryOutcome.Unknown ? null : Words.Of(query.Outcome));
            json.NumberOrNull("durationNs", query.DurationNs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("decisive", operation.Decisive?.ToString());
        WriteAround(json, operation);
        ProviderFatesJson.Write(json, operation.Fates);
        json.NumberOrNull("analysisVersion", operation.AnalysisVersion);
        json.WriteEndObject();
    }

    /// <summary>An operation, as UTF-8 on one line.</summary>
    public static byte[] ToUtf8(Operation operation)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            Write(json, operation);
        }

        return buffer.ToArray();
    }

    /// <summary>Reads the JSON that <see cref="Write"/> writes. Ignores fields that a later version added.</summary>
    /// <exception cref="JsonException">It is not JSON, or a field has a value that the contract does not allow; the message names the
    /// field.</exception>
    public static Operation Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        using var document = JsonDocument.ParseValue(ref reader);
        var json = document.RootElement;
        return new Operation
        {
            Id = QueryJsonReader.Id(json, "id"),
            Type = QueryJsonReader.OptionalText(json, "type") is null ? QueryType.Unknown : QueryJsonReader.Word<QueryType>(json, "type"),
            Key = QueryJsonReader.Key(json),
            KeyCount = QueryJsonReader.Int(json, "keyCount"),
            Source = QueryJsonReader.Word<TraceSource>(json, "source"),
            Service = QueryJsonReader.OptionalText(json, "service"),
            Instance = QueryJsonReader.OptionalText(json, "instance"),
            Node = QueryJsonReader.OptionalText(json, "node"),
            Background = QueryJsonReader.Flag(json, "background"),
            BackgroundKind = QueryJsonReader.OptionalText(json, "backgroundKind") is null
                ? null
                : QueryJsonReader.Word<BackgroundKind>(json, "backgroundKind"),
            StartUnixNano = QueryJsonReader.Start(json),
            DurationNs = QueryJsonReader.Number(json, "durationNs"),
            Outcome = QueryJsonReader.WordOr(json, "outcome", QueryOutcome.Unknown),
            Error = QueryJsonReader.Error(json),
            DiscoveryNs = QueryJsonReader.Number(json, "discoveryNs"),
            Results = QueryJsonReader.Int(json, "results"),
            Queries = QueryJsonReader.Array(json, "queries", Query),
            Decisive = QueryJsonReader.OptionalText(json, "decisive") is null ? null : QueryJsonReader.Id(json, "decisive"),
            AnalysisVersion = QueryJsonReader.Int(json, "analysisVersion"),
            Fates = ProviderFatesJson.Read(json),
            Command = QueryJsonReader.OptionalText(json, "command") is null ? null : SpanIdOf(json, "command"),
            Context = QueryJsonReader.Array(
                json,
                "context",
                static item => new OperationContext(
                    SpanIdOf(item, "spanId"),
                    QueryJsonReader.Text(item, "name"),
                    QueryJsonReader.OptionalText(item, "detail")
                )
            ),
            Routers = QueryJsonReader.Array(
                json,
                "routers",
                static item => new OperationRouter(
                    SpanIdOf(item, "spanId"),
                    QueryJsonReader.Text(item, "name"),
                    QueryJsonReader.RequiredNumber(item, "startNs"),
                    QueryJsonReader.Number(item, "durationNs"),
                    QueryJsonReader.Error(item)
                )
            ),
            Parts = QueryJsonReader.Array(
                json,
                "parts",
                static item =>
                    item.ValueKind == JsonValueKind.String && QueryId.TryParse(item.GetString(), out var id)
                        ? id
                        : throw QueryJsonReader.Bad("parts", "ids of spans, traceId-spanId in hex")
            ),
        };
    }

    private static void WriteAround(Utf8JsonWriter json, Operation operation)
    {
        json.WriteString("command", operation.Command?.ToString());
        json.WriteStartArray("context");
        foreach (var above in operation.Context)
        {
            json.WriteStartObject();
            json.WriteString("spanId", above.SpanId.ToString());
            json.WriteString("name", above.Name);
            json.WriteString("detail", above.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("routers");
        foreach (var router in operation.Routers)
        {
            json.WriteStartObject();
            json.WriteString("spanId", router.SpanId.ToString());
            json.WriteString("name", router.Name);
            json.WriteNumber("startNs", router.StartNs);
            json.NumberOrNull("durationNs", router.DurationNs);
            QueryJson.WriteError(json, router.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("parts");
        foreach (var part in operation.Parts)
        {
            json.WriteStringValue(part.ToString());
        }

        json.WriteEndArray();
    }

    private static OperationQuery Query(JsonElement json) =>
        new(
            QueryJsonReader.Id(json, "id"),
            QueryJsonReader.OptionalText(json, "side") is null ? null : QueryJsonReader.Word<DhtSide>(json, "side"),
            QueryJsonReader.Flag(json, "skipped"),
            QueryJsonReader.WordOr(json, "outcome", QueryOutcome.Unknown),
            QueryJsonReader.Number(json, "durationNs")
        );

    private static SpanId SpanIdOf(JsonElement json, string name) =>
        SpanId.TryParse(QueryJsonReader.Text(json, name), out var id) ? id : throw QueryJsonReader.Bad(name, "a span id in hex");
}
