using System.Buffers;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Operations of <c>/api/v1</c>: what somebody asked of the DHT, as the list of the site shows it.</summary>
internal static class OperationsApi
{
    private const int MostRows = 1000;
    private const int MostCounted = 1000;

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
            .WithDescription(
                $"`after` is the `mark` of another answer; without it the count is 0 and the mark is that of this moment. Counting ends at {MostCounted:N0}: then `isCut` is true."
            )
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
            return QueriesApi.Bad(address.Problems);
        }

        if (limit is < 1 or > MostRows)
        {
            return QueriesApi.Bad([$"limit is 1 to {MostRows}."]);
        }

        OperationPage page;
        try
        {
            page = await store.ListOperationsAsync(address.Filter, address.Sort, address.Cursor, limit ?? 50, cancellationToken);
        }
        catch (InvalidCursorException error)
        {
            return QueriesApi.Bad([error.Message]);
        }

        var buffer = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("operations");
            foreach (var row in page.Rows)
            {
                OperationJson.Write(json, row.Operation);
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
            return QueriesApi.Bad(address.Problems);
        }

        // Read before counting: what comes in between is counted the next time as well, never missed.
        var mark = await store.LastNumberAsync(cancellationToken);
        var count = after is { } from ? await store.CountNewerAsync(address.Filter, from, MostCounted, cancellationToken) : 0;
        return Results.Json(new NewerAnswer(count, count == MostCounted, mark), ApiJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var wanted))
        {
            return QueriesApi.NotHere("operation");
        }

        var found = await store.GetOperationAsync(wanted, cancellationToken);
        if (found is null && await store.GetQueryAsync(wanted, cancellationToken) is { } query)
        {
            found = await store.GetOperationAsync(query.OperationId, cancellationToken);
        }

        return found is null ? QueriesApi.NotHere("operation") : Results.Bytes(OperationJson.ToUtf8(found.Operation), "application/json");
    }
}
