using System.Buffers;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Explain;
using DhtTracer.Storage;
using DhtTracer.Traces;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Queries and traces of <c>/api/v1</c>: the same filters and the same reconstruction as the pages.</summary>
internal static class QueriesApi
{
    private const int MostRows = 1000;
    private const int MostCounted = 1000;

    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/queries", ListAsync)
            .WithName("listQueries")
            .WithSummary("Queries without their peers, a page of them")
            .WithDescription(
                "Every query by itself, sides that had nobody to ask included; `/operations` lists what was asked. Orders other than by start or key are sorted when they are asked for."
            )
            .Describe(ApiParameters.Filters, ApiParameters.Paging)
            .Produces<QueriesAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/queries/newer", CountNewerAsync)
            .WithName("countNewerQueries")
            .WithSummary("How many queries were added after a mark")
            .WithDescription(
                $"`after` is the `mark` of another answer; without it the count is 0 and the mark is that of this moment. Counting ends at {MostCounted:N0}: then `isCut` is true."
            )
            .Describe(ApiParameters.Filters, ApiParameters.After)
            .Produces<NewerAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/queries/{id}", GetAsync)
            .WithName("getQuery")
            .WithSummary("One query with every peer that it heard of")
            .Describe(ApiParameters.QueryId)
            .Produces<QueryAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/queries/{id}/explanation", ExplainAsync)
            .WithName("explainQuery")
            .WithSummary("Why a query took as long as it did: critical path, blame, termination, concurrency")
            .Describe(ApiParameters.QueryId)
            .Produces<Explanation>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/traces/{id}", TraceAsync)
            .WithName("getTrace")
            .WithSummary("All spans of a trace as OTLP JSON")
            .WithDescription("A TracesData message of opentelemetry-proto in its JSON encoding.")
            .Describe(ApiParameters.TraceId)
            .Produces<object>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>A problem that says what was wrong with a request.</summary>
    public static IResult Bad(IEnumerable<string> problems) =>
        Results.Problem(string.Join(' ', problems), statusCode: StatusCodes.Status400BadRequest);

    /// <summary>The query of a permalink; null when it is not here.</summary>
    public static Task<Query?> FindAsync(TraceStore store, string id, CancellationToken cancellationToken) =>
        QueryId.TryParse(id, out var queryId) ? store.GetQueryAsync(queryId, cancellationToken) : Task.FromResult<Query?>(null);

    /// <summary>The answer when a query is not here.</summary>
    public static IResult NotHere(string what) =>
        Results.Problem(
            $"This {what} is not here: it was not imported yet, or is no longer kept.",
            statusCode: StatusCodes.Status404NotFound
        );

    private static async Task<IResult> ListAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        int? limit,
        CancellationToken cancellationToken
    )
    {
        var address = QueryListAddress.Parse(request.Query);
        if (address.Problems.Count > 0)
        {
            return Bad(address.Problems);
        }

        if (limit is < 1 or > MostRows)
        {
            return Bad([$"limit is 1 to {MostRows}."]);
        }

        QueryPage page;
        try
        {
            page = await store.ListQueriesAsync(address.Filter, address.Sort, address.Cursor, limit ?? 50, cancellationToken);
        }
        catch (InvalidCursorException error)
        {
            return Bad([error.Message]);
        }

        var buffer = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("queries");
            foreach (var row in page.Rows)
            {
                QueryJson.WriteWithoutPeers(json, row);
            }

            json.WriteEndArray();
            json.WriteString("next", page.Next);
            json.WriteString("previous", page.Previous);
            json.WriteEndObject();
        }

        return Results.Bytes(buffer.WrittenMemory, "application/json");
    }

    private static async Task<IResult> CountNewerAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        long? after,
        CancellationToken cancellationToken
    )
    {
        var address = QueryListAddress.Parse(request.Query);
        if (address.Problems.Count > 0)
        {
            return Bad(address.Problems);
        }

        // Read before counting: what comes in between is counted the next time as well, never missed.
        var mark = await store.LastQueryNumberAsync(cancellationToken);
        var count = after is { } from ? await store.CountNewerQueriesAsync(address.Filter, from, MostCounted, cancellationToken) : 0;
        return Results.Json(new NewerAnswer(count, count == MostCounted, mark), ApiJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        await FindAsync(store, id, cancellationToken) is { } query
            ? Results.Bytes(QueryJson.ToUtf8(query), "application/json")
            : NotHere("query");

    private static async Task<IResult> ExplainAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        await FindAsync(store, id, cancellationToken) is { } query
            ? Results.Json(Explanation.Of(query), ApiJson.Options)
            : NotHere("query");

    private static async Task<IResult> TraceAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        TraceId.TryParse(id, out var traceId) && await store.GetTraceAsync(traceId, cancellationToken) is { Count: > 0 } spans
            ? Results.Bytes(OtlpJson.Encode(spans), "application/json", $"{traceId}.otlp.json")
            : NotHere("trace");
}

/// <summary>Operations or queries that were added after a mark.</summary>
/// <param name="Count">How many pass the filters.</param>
/// <param name="IsCut">Counting ended early: there may be more.</param>
/// <param name="Mark">To count from the next time.</param>
internal sealed record NewerAnswer(int Count, bool IsCut, long Mark);
