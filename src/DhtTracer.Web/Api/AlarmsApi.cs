using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage;
using DhtTracer.Web.Alarms;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Alarms, <c>/api/v1/alarms</c>: what the page Alarms shows.</summary>
internal static class AlarmsApi
{
    private static readonly IReadOnlyList<ApiParameter> Parameters =
    [
        new("id", "The id of one alarm"),
        new("show", "Which, all when absent", ["all", "open", "ended"]),
        new("kind", "What they are about", [.. Enum.GetValues<AlarmKind>().Select(Words.Of)]),
        new("from", "Open at or after this time, UTC: 2026-11-22T08:00"),
        new("to", "Raised before this time, UTC"),
    ];

    /// <summary>Adds the endpoint.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/alarms", ListAsync)
            .WithName("listAlarms")
            .WithSummary("Alarms: hours that are worse than the same hours of the week before, surrounded keys, dense parts, records")
            .WithDescription($"At most {AlarmSearch.MostListed}, latest first. `docs/alarms.md` defines every figure.")
            .Describe(Parameters, ApiParameters.Range)
            .Produces<AlarmsAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> ListAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] AlarmWebhooks webhooks,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        var search = AlarmSearch.Parse(request.Query, now);
        if (search.Problems.Count > 0)
        {
            return ApiProblems.Bad(search.Problems);
        }

        var list = await search.ReadAsync(store, cancellationToken);
        return Results.Json(
            new AlarmsAnswer(
                list.Alarms,
                list.HasMore,
                await AlarmSearch.LastWatchedAsync(store, now, cancellationToken),
                webhooks.Reports
            ),
            ApiJson.Options
        );
    }
}

/// <summary>A list of alarms.</summary>
/// <param name="Alarms">The alarms, latest first.</param>
/// <param name="HasMore">Whether older ones were left out.</param>
/// <param name="LastWatchedUnixNano">Start of the hour that was watched last; null when none was.</param>
/// <param name="Webhooks">The receivers.</param>
internal sealed record AlarmsAnswer(
    IReadOnlyList<Alarm> Alarms,
    bool HasMore,
    ulong? LastWatchedUnixNano,
    IReadOnlyList<WebhookReport> Webhooks
);
