using System.Buffers;
using System.Text.Json;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Web.Api;

/// <summary>What the lists of operations and of queries share: filters, paging, and counting what is new.</summary>
internal static class ApiLists
{
    /// <summary>Counting stops at this number.</summary>
    public const int MostCounted = 1000;

    private const int MostRows = 1000;
    private const int UsualRows = 50;

    /// <summary>How the endpoints that count what is new work, for the OpenAPI document.</summary>
    public static string NewerDescription { get; } =
        "`after` is the `mark` of another answer; without it the count is 0 and the mark is that of this moment. "
        + $"Counting ends at {MostCounted:N0}: then `isCut` is true.";

    /// <summary>Answers a page of a list as <c>{"name": […], "next": …, "previous": …}</c>.</summary>
    /// <param name="request">Its query string has the filters, the order and the cursor.</param>
    /// <param name="limit">Rows asked for; null for 50.</param>
    /// <param name="name">Name of the list in the answer.</param>
    /// <param name="read">Reads the rows of an address, at most so many, and the cursors beside them.</param>
    /// <param name="write">Writes one row.</param>
    public static async Task<IResult> ListAsync<TRow>(
        HttpRequest request,
        int? limit,
        string name,
        Func<QueryListAddress, int, Task<(IReadOnlyList<TRow> Rows, string? Next, string? Previous)>> read,
        Action<Utf8JsonWriter, TRow> write
    )
    {
        var store = request.HttpContext.RequestServices.GetRequiredService<TraceStore>();
        var address = await QueryListAddress.Parse(request.Query).ResolveAsync(store, request.HttpContext.RequestAborted);
        if (address.Problems.Count > 0)
        {
            return ApiProblems.Bad(address.Problems);
        }

        if (limit is < 1 or > MostRows)
        {
            return ApiProblems.Bad([$"limit is 1 to {MostRows}."]);
        }

        try
        {
            var (rows, next, previous) = await read(address, limit ?? UsualRows);
            return Page(name, rows, next, previous, write);
        }
        catch (InvalidCursorException error)
        {
            return ApiProblems.Bad([error.Message]);
        }
    }

    /// <summary>Answers how many rows that pass the filters were added after a mark.</summary>
    /// <param name="request">Its query string has the filters.</param>
    /// <param name="after">The mark; null to count nothing and learn the mark.</param>
    /// <param name="readMark">Reads the mark of this moment.</param>
    /// <param name="count">Counts the rows after a mark, up to <see cref="MostCounted"/>.</param>
    public static async Task<IResult> CountNewerAsync(
        HttpRequest request,
        long? after,
        Func<Task<long>> readMark,
        Func<QueryFilter, long, Task<int>> count
    )
    {
        var store = request.HttpContext.RequestServices.GetRequiredService<TraceStore>();
        var address = await QueryListAddress.Parse(request.Query).ResolveAsync(store, request.HttpContext.RequestAborted);
        if (address.Problems.Count > 0)
        {
            return ApiProblems.Bad(address.Problems);
        }

        // The mark is read first: a row that arrives in between is counted again the next time, never missed.
        var mark = await readMark();
        var newer = after is { } from ? await count(address.Filter, from) : 0;
        return Results.Json(new NewerAnswer(newer, newer == MostCounted, mark), ApiJson.Options);
    }

    private static IResult Page<TRow>(
        string name,
        IReadOnlyList<TRow> rows,
        string? next,
        string? previous,
        Action<Utf8JsonWriter, TRow> write
    )
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray(name);
            foreach (var row in rows)
            {
                write(json, row);
            }

            json.WriteEndArray();
            json.WriteString("next", next);
            json.WriteString("previous", previous);
            json.WriteEndObject();
        }

        return Results.Bytes(buffer.WrittenMemory, "application/json");
    }
}

/// <summary>Operations or queries that were added after a mark.</summary>
/// <param name="Count">How many pass the filters.</param>
/// <param name="IsCut">Counting ended early: there may be more.</param>
/// <param name="Mark">To count from the next time.</param>
internal sealed record NewerAnswer(int Count, bool IsCut, long Mark);
