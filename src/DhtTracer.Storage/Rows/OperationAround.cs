using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Rows;

/// <summary>
/// What is above and beside an operation, as stored in the column <c>around</c>: <c>{"context":[["04783bfc…","POST
/// /api/v0/","/api/v0/routing/findprovs"]],"routers":[…],"parts":["traceId-spanId"]}</c>.
/// </summary>
internal static class OperationAround
{
    /// <summary>Names come from foreign traces, so longer ones are truncated.</summary>
    private const int MaxText = 300;

    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Null if there is nothing to write.</summary>
    public static string? Write(Operation operation)
    {
        if (
            operation is
            {
                Context.IsEmpty: true,
                Routers.IsEmpty: true,
                Parts.IsEmpty: true,
                UnclearParts: 0,
                ParentIsMissing: false,
                SpansThatFit: null
            }
        )
        {
            return null;
        }

        return JsonSerializer.Serialize(
            new Document(
                operation.Context.IsEmpty
                    ? null
                    :
                    [
                        .. operation.Context.Select(static above =>
                            new string?[] { above.SpanId.ToString(), Cut(above.Name), Cut(above.Detail) }
                        ),
                    ],
                operation.Routers.IsEmpty
                    ? null
                    :
                    [
                        .. operation.Routers.Select(static router => new Router(
                            router.SpanId.ToString(),
                            Cut(router.Name)!,
                            router.StartNs,
                            router.DurationNs,
                            router.Error?.Class,
                            Cut(router.Error?.Text)
                        )),
                    ],
                operation.Parts.IsEmpty ? null : [.. operation.Parts.Select(static part => part.ToString())],
                operation.SpansThatFit,
                operation.UnclearParts == 0 ? null : operation.UnclearParts,
                operation.ParentIsMissing ? true : null
            ),
            Options
        );
    }

    /// <summary>Reads what <see cref="Write"/> wrote into an operation.</summary>
    /// <exception cref="InvalidDataException">The text is damaged.</exception>
    public static Operation Read(string? text, Operation operation)
    {
        if (text is null)
        {
            return operation;
        }

        try
        {
            var document = JsonSerializer.Deserialize<Document>(text, Options) ?? throw new JsonException("null");
            return operation with
            {
                Context =
                [
                    .. (document.Context ?? []).Select(static above => new OperationContext(Id(above[0]), above[1] ?? "", above[2])),
                ],
                Routers =
                [
                    .. (document.Routers ?? []).Select(static router => new OperationRouter(
                        Id(router.SpanId),
                        router.Name,
                        router.StartNs,
                        router.DurationNs,
                        router.ErrorClass is { } error ? new TraceError(error, router.ErrorText) : null
                    )),
                ],
                Parts =
                [
                    .. (document.Parts ?? []).Select(static part =>
                        QueryId.TryParse(part, out var id) ? id : throw new JsonException(part)
                    ),
                ],
                SpansThatFit = document.SpansThatFit,
                UnclearParts = document.UnclearParts ?? 0,
                ParentIsMissing = document.ParentIsMissing ?? false,
            };
        }
        catch (Exception error) when (error is JsonException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"The stored context of operation {operation.Id} is damaged.", error);
        }
    }

    private static SpanId Id(string? text) => SpanId.TryParse(text, out var id) ? id : throw new JsonException(text);

    private static string? Cut(string? text) => text?.Length > MaxText ? text[..MaxText] + "…" : text;

    private sealed record Document(
        [property: JsonPropertyName("context")] ImmutableArray<string?[]>? Context,
        [property: JsonPropertyName("routers")] ImmutableArray<Router>? Routers,
        [property: JsonPropertyName("parts")] ImmutableArray<string>? Parts,
        [property: JsonPropertyName("fits")] int? SpansThatFit,
        [property: JsonPropertyName("unclear")] int? UnclearParts,
        [property: JsonPropertyName("orphan")] bool? ParentIsMissing
    );

    private sealed record Router(
        [property: JsonPropertyName("span")] string SpanId,
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("start")] long StartNs,
        [property: JsonPropertyName("duration")] long? DurationNs,
        [property: JsonPropertyName("error")] string? ErrorClass,
        [property: JsonPropertyName("text")] string? ErrorText
    );
}
