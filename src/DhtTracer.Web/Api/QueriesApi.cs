using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Queries and traces of <c>/api/v1</c>: the same filters and the same reconstruction as the pages.</summary>
internal static class QueriesApi
{
    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/queries", ListAsync)
            .WithName("listQueries")
            .WithSummary("Queries without their peers, a page of them")
            .WithDescription(
                "Every query by itself, sides that had nobody to ask included; `/operations` lists what was asked. "
                    + "Orders other than by start or key are sorted when they are asked for."
            )
            .Describe(ApiParameters.Filters, ApiParameters.Paging)
            .Produces<QueriesAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/queries/newer", CountNewerAsync)
            .WithName("countNewerQueries")
            .WithSummary("How many queries were added after a mark")
            .WithDescription(ApiLists.NewerDescription)
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

    /// <summary>The query of a permalink; null when the archive does not have it.</summary>
    public static Task<Query?> FindAsync(TraceStore store, string id, CancellationToken cancellationToken) =>
        QueryId.TryParse(id, out var queryId) ? store.GetQueryAsync(queryId, cancellationToken) : Task.FromResult<Query?>(null);

    private static Task<IResult> ListAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        int? limit,
        CancellationToken cancellationToken
    ) =>
        ApiLists.ListAsync<QuerySummary>(
            request,
            limit,
            "queries",
            async (address, rows) =>
            {
                var page = await store.ListQueriesAsync(address.Filter, address.Sort, address.Cursor, rows, cancellationToken);
                return (page.Rows, page.Next, page.Previous);
            },
            QueryJson.WriteWithoutPeers
        );

    private static Task<IResult> CountNewerAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        long? after,
        CancellationToken cancellationToken
    ) =>
        ApiLists.CountNewerAsync(
            request,
            after,
            () => store.LastQueryNumberAsync(cancellationToken),
            (filter, from) => store.CountNewerQueriesAsync(filter, from, ApiLists.MostCounted, cancellationToken)
        );

    private static async Task<IResult> GetAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        await FindAsync(store, id, cancellationToken) is { } query
            ? Results.Bytes(QueryJson.ToUtf8(query), "application/json")
            : ApiProblems.NotHere("query");

    private static async Task<IResult> ExplainAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        await FindAsync(store, id, cancellationToken) is { } query
            ? Results.Json(Explanation.Of(query), ApiJson.Options)
            : ApiProblems.NotHere("query");

    private static async Task<IResult> TraceAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken) =>
        TraceId.TryParse(id, out var traceId) && await store.GetTraceAsync(traceId, cancellationToken) is { Count: > 0 } spans
            ? Results.Bytes(OtlpJson.Encode(spans), "application/json", $"{traceId}.otlp.json")
            : ApiProblems.NotHere("trace");
}
