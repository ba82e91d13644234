using DhtTracer.Analysis.Network;
using DhtTracer.Storage;
using DhtTracer.Storage.Network;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>What lookups show of the network: <c>/api/v1/network</c>, and the same as CSV at <c>/network.csv</c>.</summary>
internal static class NetworkApi
{
    /// <summary>Adds the JSON.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/network", JsonAsync)
            .WithName("network")
            .WithSummary("What lookups show of the network: size, density, recall, dead and unreachable peers, keys that may be surrounded")
            .WithDescription("Over the newest 20,000 operations that pass the filters, background ones unless `background` says otherwise.")
            .Describe(ApiParameters.Filters, ApiParameters.Range)
            .Produces(StatusCodes.Status200OK, null, "application/json")
            .ProducesProblem(StatusCodes.Status400BadRequest);

    /// <summary>Adds the CSV, and the report of one HTML file.</summary>
    public static void MapCsv(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/network.csv", [HttpMethods.Get, HttpMethods.Head], CsvAsync).ExcludeFromDescription();
        endpoints.MapMethods("/network/report", [HttpMethods.Get, HttpMethods.Head], HtmlAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> JsonAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var search = await PeerSearch.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        return search.Problems.Count > 0
            ? ApiProblems.Bad(search.Problems)
            : Results.Bytes(
                NetworkJson.ToUtf8((await store.ReadNetworkAsync(search.Filter, cancellationToken: cancellationToken)).ToReport()),
                "application/json; charset=utf-8"
            );
    }

    private static Task<IResult> CsvAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    ) =>
        FileAsync(
            request,
            store,
            clock,
            static (_, report, tables) =>
                Results.File(
                    System.Text.Encoding.UTF8.GetBytes(NetworkCsv.Write(report, tables)),
                    "text/csv; charset=utf-8",
                    "network.csv"
                ),
            cancellationToken
        );

    private static Task<IResult> HtmlAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    ) =>
        FileAsync(
            request,
            store,
            clock,
            static (search, report, tables) =>
                Results.File(
                    NetworkHtml.ToUtf8(report, tables, search.Range.Narrow(search.Address).Describe()),
                    "text/html; charset=utf-8",
                    "network.html"
                ),
            cancellationToken
        );

    /// <summary>Reads what a file holds. Wrong filters are answered by the page that explains them.</summary>
    private static async Task<IResult> FileAsync(
        HttpRequest request,
        TraceStore store,
        TimeProvider clock,
        Func<PeerSearch, NetworkReport, MeasuredTables, IResult> write,
        CancellationToken cancellationToken
    )
    {
        var search = await PeerSearch.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        if (search.Problems.Count > 0)
        {
            Pages.ErrorModel.Explain(request.HttpContext, string.Join(' ', search.Problems));
            return Results.BadRequest();
        }

        var report = (await store.ReadNetworkAsync(search.Filter, cancellationToken: cancellationToken)).ToReport();
        var tables = await MeasuredReading.ReadAsync(store, report, search.Filter, cancellationToken);
        return write(search, report, tables);
    }
}
