using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace DhtTracer.Web.Api;

/// <summary>The JSON API, <c>/api/v1</c>, described at <c>/api/v1/openapi.json</c>.</summary>
internal static class ApiEndpoints
{
    /// <summary>Name of the OpenAPI document.</summary>
    public const string Document = "v1";

    /// <summary>Adds the OpenAPI document.</summary>
    public static void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(static options => ApiJson.Configure(options.SerializerOptions));
        services.AddOpenApi(
            Document,
            static options =>
            {
                // Other ports of the process have endpoints of their own, which are described elsewhere.
                options.ShouldInclude = static endpoint => endpoint.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
                options.AddSchemaTransformer(ApiSchemas.Correct);
                options.AddDocumentTransformer(
                    static (document, _, _) =>
                    {
                        document.Info = new OpenApiInfo
                        {
                            Title = "DhtTracer",
                            Version = "1",
                            Description =
                                "Operations, queries and statistics as the pages show them. "
                                + "Unknown is null, never 0 and never left out. Durations are nanoseconds; "
                                + "points in time are nanoseconds since 1970-01-01 UTC as decimal strings. "
                                + "Errors are answered as application/problem+json.",
                        };
                        return Task.CompletedTask;
                    }
                );
            }
        );
    }

    /// <summary>Adds all endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api/v1");
        OperationsApi.Map(api);
        QueriesApi.Map(api);
        StatisticsApi.Map(api);
        RecordsApi.Map(api);
        ProvidersApi.Map(api);
        EventsApi.Map(api);
        ExportApi.Map(api);
        SweepApi.Map(api);
        NetworkApi.Map(api);
        AlarmsApi.Map(api);
        IngestApi.Map(api);
        api.MapFallback(static () =>
                Results.Problem(
                    "There is nothing at this address; /api/v1/openapi.json lists all there is.",
                    statusCode: StatusCodes.Status404NotFound
                )
            )
            .ExcludeFromDescription();
        endpoints.MapOpenApi("/api/{documentName}/openapi.json");
    }
}
