using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>The JSON API, <c>/api/v1</c>, described at <c>/api/v1/openapi.json</c>.</summary>
internal static class ApiEndpoints
{
    /// <summary>Name of the OpenAPI document.</summary>
    public const string Document = "v1";

    /// <summary>Adds all endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api/v1");
        QueriesApi.Map(api);
        StatisticsApi.Map(api);
        EventsApi.Map(api);
        ExportApi.Map(api);
        IngestApi.Map(api);
        endpoints.MapOpenApi("/api/{documentName}/openapi.json");
    }
}
