using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Statistics of <c>/api/v1</c>: what the pages Overview, Compare and Peers show.</summary>
internal static class StatisticsApi
{
    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/overview", OverviewAsync)
            .WithName("overview")
            .WithSummary(
                "Figures of a set of operations: outcomes, percentiles with their intervals, shares, errors, "
                    + "agent versions, and the same by hour"
            )
            .WithDescription("Percentiles are exact, by nearest rank, over all operations that pass the filters.")
            .Describe(ApiParameters.Filters, ApiParameters.Range)
            .Produces<OverviewAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/compare", CompareAsync)
            .WithName("compare")
            .WithSummary(
                "Two sets of operations side by side: every figure with its difference, interval and verdict, "
                    + "and what is over-represented in the slower set"
            )
            .WithDescription("The filters of each set have its prefix, `a.` or `b.`. Times are nanoseconds.")
            .Describe(ApiParameters.SetsOfComparison)
            .Produces<CompareAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/slowest", SlowestAsync)
            .WithName("slowest")
            .WithSummary("The slowest share of a set of operations as B, compared with the rest of it as A")
            .WithDescription("B is what took at least the percentile of the duration that leaves the share. Times are nanoseconds.")
            .Describe(ApiParameters.Filters, ApiParameters.Range, ApiParameters.Share)
            .Produces<CompareAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/peers", PeersAsync)
            .WithName("listPeers")
            .WithSummary("Peers that operations met, with how often they were asked, answered and failed, and their latencies")
            .WithDescription("Over all operations that pass the filters; background ones count unless `background` says otherwise.")
            .Describe(ApiParameters.Filters, ApiParameters.Range, ApiParameters.Peers)
            .Produces<PeersAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/peers/{id}", PeerAsync)
            .WithName("getPeer")
            .WithSummary("One peer over the queries that heard of it")
            .WithDescription("Over all operations that pass the filters; background ones count unless `background` says otherwise.")
            .Describe(ApiParameters.PeerId, ApiParameters.Filters, ApiParameters.Range)
            .Produces<PeerAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> OverviewAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var address = await QueryListAddress.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        var name = request.Query["range"].ToString();
        var range = TimeRange.Parse(name.Length == 0 ? null : name, address, clock.GetUtcNow());
        var problems = name.Length > 0 && range is null ? address.Problems.Append(TimeRange.Problem(name)) : address.Problems;
        if (problems.Any())
        {
            return ApiProblems.Bad(problems);
        }

        range ??= TimeRange.All;
        using var set = await store.ReadOperationsAsync(
            address.Filter with
            {
                FromUnixNano = range.FromUnixNano,
                ToUnixNano = range.ToUnixNano,
            },
            cancellationToken
        );
        return Results.Json(new OverviewAnswer(OverviewFacts.Of(set), PeriodFacts.ByHour(set)), ApiJson.Options);
    }

    private static async Task<IResult> CompareAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        CancellationToken cancellationToken
    )
    {
        var a = await ComparedSet.Parse("a", request.Query).ResolveAsync(store, cancellationToken);
        var b = await ComparedSet.Parse("b", request.Query).ResolveAsync(store, cancellationToken);
        var problems = a.Problems.Concat(b.Problems).ToList();
        if (problems.Count > 0)
        {
            return ApiProblems.Bad(problems);
        }

        using var comparison = await SetComparison.ReadAsync(store, a, b, cancellationToken);
        return Results.Json(CompareAnswer.Of(comparison), ApiJson.Options);
    }

    private static async Task<IResult> SlowestAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        string? share,
        string? range,
        CancellationToken cancellationToken
    )
    {
        var found = await SlowestSearch.ReadAsync(store, request.Query, share, range, clock.GetUtcNow(), cancellationToken);
        if (found.Sets is not var (others, slow))
        {
            return ApiProblems.Bad(found.Problems);
        }

        using var comparison = await SetComparison.ReadAsync(store, others, slow, cancellationToken);
        return Results.Json(CompareAnswer.Of(comparison), ApiJson.Options);
    }

    private static async Task<IResult> PeersAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        int? limit,
        int? page,
        CancellationToken cancellationToken
    )
    {
        var search = await PeerSearch.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        if (search.Problems.Count > 0)
        {
            return ApiProblems.Bad(search.Problems);
        }

        if (limit is < 1 or > CompareAnswer.MostPeers)
        {
            return ApiProblems.Bad([$"limit is 1 to {CompareAnswer.MostPeers}."]);
        }

        if (page is < 1 or > 1_000_000)
        {
            return ApiProblems.Bad(["page is 1 or more."]);
        }

        var length = limit ?? 100;
        var found = await search.ReadAsync(store, ((page ?? 1) - 1) * length, length, cancellationToken);
        return Results.Json(new PeersAnswer([.. found.Peers], found.Count, found.Operations), ApiJson.Options);
    }

    private static async Task<IResult> PeerAsync(
        string id,
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        if (Pseudonym.PeerName(id) is not { } peer)
        {
            return ApiProblems.NotHere("peer");
        }

        var search = await PeerSearch.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        if (search.Problems.Count > 0)
        {
            return ApiProblems.Bad(search.Problems);
        }

        var found = await search.ReadOneAsync(store, peer, cancellationToken);
        return found.Peers.Count == 0
            ? ApiProblems.NotHere("peer")
            : Results.Json(new PeerAnswer(found.Peers[0], found.Operations), ApiJson.Options);
    }
}
