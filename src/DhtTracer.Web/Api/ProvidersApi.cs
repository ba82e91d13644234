using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>
/// What became of the providers of many block requests: <c>/api/v1/providers</c>, the figures of the page <c>/providers</c>.
/// </summary>
internal static class ProvidersApi
{
    /// <summary>Adds the endpoint.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/providers", GetAsync)
            .WithName("countProviders")
            .WithSummary("What became of the providers that block requests found: by reason, transport and agent")
            .Describe(ApiParameters.Filters, ApiParameters.Range)
            .Produces<ProvidersAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> GetAsync(
        HttpRequest request,
        [FromServices] TraceStore store,
        [FromServices] TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var search = await PeerSearch.Parse(request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        if (search.Problems.Count > 0)
        {
            return ApiProblems.Bad(search.Problems);
        }

        // Background and skipped operations fetch no blocks. Without these conditions the sums are read from an index alone.
        var tally = await store.CountFatesAsync(search.Filter with { Background = null, Skipped = null }, cancellationToken);
        return Results.Json(ProvidersAnswer.Of(tally), ApiJson.Options);
    }
}

/// <summary>Counts of providers; each counts once for each block request that found it.</summary>
/// <param name="Requests">Block requests that asked for providers.</param>
/// <param name="Came">Those whose block came.</param>
/// <param name="Missed">Those whose block did not come. Of the others the traces do not tell.</param>
/// <param name="All">All providers.</param>
/// <param name="ByFailure">Those that could not be connected and whose reason is known, most frequent first.</param>
/// <param name="ByTransport">By the transport of the first address, most providers first.</param>
/// <param name="ByAgent">By agent version, most providers first.</param>
internal sealed record ProvidersAnswer(
    long Requests,
    long Came,
    long Missed,
    ProviderCounts All,
    ImmutableArray<ProviderFailureCount> ByFailure,
    ImmutableArray<NamedProviderCounts> ByTransport,
    ImmutableArray<NamedProviderCounts> ByAgent
)
{
    /// <summary>The counts of the page.</summary>
    public static ProvidersAnswer Of(ProviderFateTally tally) =>
        new(
            tally.Requests,
            tally.Came,
            tally.Missed,
            Counts(tally.All),
            [.. tally.ByFailure.Select(static count => new ProviderFailureCount(count.Failure, count.Count, count.MeanNs))],
            [.. tally.ByTransport.Select(Named)],
            [.. tally.ByAgent.Select(Named)]
        );

    private static ProviderCounts Counts(FateCounts counts) =>
        new(counts.Providers, counts.Connected, counts.WithoutBlock, counts.Failed, counts.Unknown, counts.FailedShare);

    private static NamedProviderCounts Named(FateCounts counts) => new(counts.Name, Counts(counts));
}

/// <summary>Providers by how far they got.</summary>
/// <param name="Providers">All.</param>
/// <param name="Connected">Connected; whether they had the block is not known.</param>
/// <param name="WithoutBlock">Connected, and no connected peer had the block.</param>
/// <param name="Failed">Not connected.</param>
/// <param name="Unknown">What became of them is unknown.</param>
/// <param name="FailedShare">Share of failed ones among those whose end is known, 0 to 1; null when none is.</param>
internal sealed record ProviderCounts(long Providers, long Connected, long WithoutBlock, long Failed, long Unknown, double? FailedShare);

/// <summary>Providers of one kind.</summary>
/// <param name="Name">The transport or the agent version.</param>
/// <param name="Counts">How far they got.</param>
internal sealed record NamedProviderCounts(string Name, ProviderCounts Counts);

/// <summary>Connects that failed for one reason.</summary>
/// <param name="Failure">The reason.</param>
/// <param name="Count">How many.</param>
/// <param name="MeanNs">Mean time from found to failed, in nanoseconds; null when no time is known.</param>
internal sealed record ProviderFailureCount(ProviderFailure Failure, long Count, long? MeanNs);
