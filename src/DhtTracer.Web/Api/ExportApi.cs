using DhtTracer.Analysis.Export;
using DhtTracer.Storage;
using DhtTracer.Web.Exports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary><c>/api/v1/export</c>: queries as files in every format.</summary>
internal static class ExportApi
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds the endpoint.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapMethods("/export", Reading, AnswerAsync)
            .WithName("export")
            .WithSummary("Queries, or the traces they belong to, as a file: streamed, whatever their number")
            .WithDescription(
                "`format` is one of "
                    + string.Join(", ", ExportFormat.All.Select(static format => $"{format.Name} ({format.Title})"))
                    + $". Which queries: `id` as often as there are queries, at most {ExportRequest.MostIds}; "
                    + "or filters and `sort` as for queries, without `at`. Formats that hold one query ("
                    + string.Join(", ", ExportFormat.All.Where(static format => !format.Sets).Select(static format => format.Name))
                    + ") take one `id`. "
                    + "Formats of spans write whole traces, each once. "
                    + "A parameter that is not known is an error, because a mistyped filter would let everything through."
            )
            .Describe(ApiParameters.Export, ApiParameters.Filters)
            .Produces<object>(StatusCodes.Status200OK)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> AnswerAsync(HttpRequest request, [FromServices] TraceStore store)
    {
        var wanted = ExportRequest.Parse(request.Query);
        return wanted.Problems.Count > 0
            ? ApiProblems.Bad(wanted.Problems)
            : await ExportEndpoints.AnswerAsync(wanted, store, request, static id => ApiProblems.NotHere($"query ({id})"));
    }
}
