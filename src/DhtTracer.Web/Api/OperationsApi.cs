using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Sweeps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Operations of <c>/api/v1</c>: what somebody asked of the DHT, as the list of the site shows it.</summary>
internal static class OperationsApi
{
    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/operations", ListAsync)
            .WithName("listOperations")
            .WithSummary("Operations with the ids of their queries, a page of them")
            .WithDescription(
                "One entry for each thing that somebody asked, such as a Kubo command; its WAN and LAN lookups are queries of it."
            )
            .Describe(ApiParameters.Filters, ApiParameters.Paging)
            .Produces<OperationsAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/operations/newer", CountNewerAsync)
            .WithName("countNewerOperations")
            .WithSummary("How many operations were added after a mark")
            .WithDescription(ApiLists.NewerDescription)
            .Describe(ApiParameters.Filters, ApiParameters.After)
            .Produces<NewerAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/operations/{id}", GetAsync)
            .WithName("getOperation")
            .WithSummary("One operation")
            .Describe(ApiParameters.OperationId)
            .Produces<Operation>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Task<IResult> ListAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        int? limit,
        CancellationToken cancellationToken
    ) =>
        ApiLists.ListAsync<ListedOperation>(
            request,
            limit,
            "operations",
            async (address, rows) =>
            {
                var page = await store.ListOperationsAsync(address.Filter, address.Sort, address.Cursor, rows, cancellationToken);
                return (page.Rows, page.Next, page.Previous);
            },
            static (json, row) => OperationJson.Write(json, row.Operation)
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
            () => store.LastNumberAsync(cancellationToken),
            (filter, from) => store.CountNewerAsync(filter, from, ApiLists.MostCounted, cancellationToken)
        );

    private static async Task<IResult> GetAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var wanted))
        {
            return ApiProblems.NotHere("operation");
        }

        var found = await store.GetOperationAsync(wanted, cancellationToken);
        if (found is null && await store.GetQueryAsync(wanted, cancellationToken) is { } query)
        {
            found = await store.GetOperationAsync(query.OperationId, cancellationToken);
        }

        return found is null
            ? ApiProblems.NotHere("operation")
            : Results.Bytes(
                OperationJson.ToUtf8(await FateLogReader.FillAsync(store, found.Operation, cancellationToken)),
                "application/json"
            );
    }
}
