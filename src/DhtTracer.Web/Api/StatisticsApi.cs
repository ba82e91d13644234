using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Libp2p.Multiformats;
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
    private const int MostPeers = 1000;

    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/overview", OverviewAsync).WithName("overview")
            .WithSummary("Figures of a set of queries").WithDescription("Filters as for queries. `isCut` says that only the latest 200,000 queries were counted.")
            .Produces<OverviewAnswer>().ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/compare", CompareAsync).WithName("compare")
            .WithSummary("Two sets of queries side by side").WithDescription("Filters as for queries, each with the prefix `a.` or `b.`; also `a.agent` and `b.agent`.")
            .Produces<Comparison>().ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/peers", PeersAsync).WithName("listPeers")
            .WithSummary("Peers that queries met, those with most failures first").WithDescription("Filters as for queries; the latest 5,000 of them are read.")
            .Produces<ImmutableArray<PeerSummary>>().ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/peers/{id}", PeerAsync).WithName("getPeer")
            .WithSummary("One peer over the queries that met it").Produces<PeerSummary>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> OverviewAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var address = QueryListAddress.Parse(request.Query);
        if (address.Problems.Count > 0)
        {
            return QueriesApi.Bad(address.Problems);
        }

        var facts = await store.ListQueryFactsAsync(address.Filter, StatisticsScope.MostQueries, cancellationToken);
        return Results.Json(new OverviewAnswer(OverviewFacts.Of(facts), HourlyFacts.Of(facts), facts.Count == StatisticsScope.MostQueries), ApiJson.Options);
    }

    private static async Task<IResult> CompareAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var (a, b) = (ComparedSet.Parse("a", request.Query), ComparedSet.Parse("b", request.Query));
        var problems = a.Address.Problems.Concat(b.Address.Problems).ToList();
        return problems.Count > 0
            ? QueriesApi.Bad(problems)
            : Results.Json(Comparison.Of(await a.ReadAsync(store, cancellationToken), await b.ReadAsync(store, cancellationToken)), ApiJson.Options);
    }

    private static async Task<IResult> PeersAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var address = QueryListAddress.Parse(request.Query);
        if (address.Problems.Count > 0)
        {
            return QueriesApi.Bad(address.Problems);
        }

        var facts = await store.ListPeerFactsAsync(address.Filter, limit: StatisticsScope.MostQueriesOfPeers, cancellationToken: cancellationToken);
        return Results.Json(
            PeerSummary.Of(facts).OrderByDescending(static peer => peer.Failures.Sum(static failure => failure.Count)).Take(MostPeers), ApiJson.Options);
    }

    private static async Task<IResult> PeerAsync(string id, HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        if (!PeerId.TryParse(id, out var peer))
        {
            return QueriesApi.NotHere("peer");
        }

        var address = QueryListAddress.Parse(request.Query);
        var facts = await store.ListPeerFactsAsync(address.Filter, peer.ToString(), StatisticsScope.MostQueriesOfPeers, cancellationToken);
        return PeerSummary.Of(facts) is [var summary] ? Results.Json(summary, ApiJson.Options) : QueriesApi.NotHere("peer");
    }
}

/// <summary>The overview of a set of queries.</summary>
/// <param name="Figures">Over all of them.</param>
/// <param name="Hours">By hour.</param>
/// <param name="IsCut">Only the latest were counted.</param>
internal sealed record OverviewAnswer(OverviewFacts Figures, ImmutableArray<HourlyFacts> Hours, bool IsCut);
