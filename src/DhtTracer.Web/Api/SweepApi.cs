using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>The report of a node's provide sweep, <c>/api/v1/sweep</c>: what the page Sweep shows.</summary>
internal static class SweepApi
{
    private static readonly IReadOnlyList<ApiParameter> Parameters =
    [
        new("node", "service.instance.id of the node, else its service.name; the one with the newest facts when absent"),
        new("from", "From this time on, UTC: 2026-11-22T08:44; 24 hours before the end when absent"),
        new("to", "Until this time, UTC; the last fact when absent"),
        new("key", "A CID or multihash: its turns are listed"),
        new("interval", "The interval of reprovides, such as 22h, if neither the daemon nor the timetable tells it"),
    ];

    /// <summary>Adds the endpoint.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/sweep", SweepAsync)
            .WithName("sweep")
            .WithSummary("A Kubo's provide sweep: regions, their turns, what was late, silent or never provided, and a key's turns")
            .WithDescription("Prefixes are bits of Kademlia ids. Sent is not held: only lookups show what is held.")
            .Describe(Parameters)
            .Produces(StatusCodes.Status200OK, null, "application/json")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> SweepAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var search = SweepSearch.Parse(request.Query);
        if (search.Problems.Count > 0)
        {
            return ApiProblems.Bad(search.Problems);
        }

        var answer = await search.ReadAsync(store, cancellationToken);
        return answer.Chosen is null
            ? ApiProblems.NotHere("sweep")
            : Results.Bytes(SweepJson.ToUtf8(answer.Report, search.Key), "application/json; charset=utf-8");
    }
}
