using DhtTracer.Web.Ingest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>The state of ingest as JSON.</summary>
internal static class IngestApi
{
    /// <summary>Adds <c>/api/v1/ingest</c>.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet(
                "/ingest",
                async ([FromServices] IngestReader reader, CancellationToken cancellationToken) =>
                    Results.Json(await reader.ReadAsync(cancellationToken), ApiJson.Options)
            )
            .WithName("ingest")
            .WithSummary("What comes in by each receiver and pull, what waits for analysis, and how much is stored")
            .WithDescription("Counts of receivers and pulls begin with the process.")
            .Produces<IngestReport>();
}
