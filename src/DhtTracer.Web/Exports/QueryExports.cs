using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Exports;

/// <summary>Files made of a query, and of a list of queries.</summary>
internal static class QueryExports
{
    /// <summary>Queries in one CSV file.</summary>
    private const int MostRows = 10_000;

    private const int PageSize = 1000;

    /// <summary>The formats, by the end of the address, with their titles.</summary>
    public static IReadOnlyList<(string Extension, string Title)> Formats { get; } =
        [("json", "JSON"), ("csv", "CSV, a row per peer"), ("har", "HAR for a browser's network panel"), ("trace.json", "Chrome trace"), ("svg", "SVG of the waterfall")];

    /// <summary>Adds the addresses <c>/q/{id}/export.{format}</c> and <c>/queries.csv</c>.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/q/{id}/export.{format}", QueryAsync).ExcludeFromDescription();
        endpoints.MapGet("/queries.csv", ListAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> QueryAsync(string id, string format, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var queryId) || await store.GetQueryAsync(queryId, cancellationToken) is not { } query)
        {
            return Results.NotFound();
        }

        (byte[] Bytes, string Type)? file = format switch
        {
            "json" => (QueryJson.ToUtf8(query), "application/json"),
            "csv" => (Encoding.UTF8.GetBytes(CsvExport.Peers(query)), "text/csv; charset=utf-8"),
            "har" => (HarExport.ToUtf8(query), "application/json"),
            "trace.json" => (ChromeTraceExport.ToUtf8(query), "application/json"),
            "svg" => (SvgExport.ToUtf8(Waterfall.Of(query, PeerSort.Order)), "image/svg+xml"),
            _ => null,
        };
        return file is { } made ? Results.File(made.Bytes, made.Type, $"query-{queryId.TraceId.ToString()[..12]}.{format}") : Results.NotFound();
    }

    private static async Task<IResult> ListAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var address = QueryListAddress.Parse(request.Query);
        if (address.Problems.Count > 0)
        {
            return Results.BadRequest();
        }

        var rows = new List<QuerySummary>();
        string? cursor = null;
        do
        {
            var page = await store.ListQueriesAsync(address.Filter, address.Sort, cursor, PageSize, cancellationToken);
            rows.AddRange(page.Rows);
            cursor = page.Next;
        }
        while (cursor is not null && rows.Count < MostRows);

        return Results.File(Encoding.UTF8.GetBytes(CsvExport.Queries(rows)), "text/csv; charset=utf-8", "queries.csv");
    }
}
