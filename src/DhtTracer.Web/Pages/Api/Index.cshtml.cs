using DhtTracer.Web.Api;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace DhtTracer.Web.Pages.Api;

/// <summary>The JSON API for people: what the OpenAPI document says, and nothing beside it.</summary>
internal sealed class ApiModel([FromKeyedServices(ApiEndpoints.Document)] IOpenApiDocumentProvider provider) : PageModel
{
    /// <summary>What the API is.</summary>
    public string? Description { get; private set; }

    /// <summary>The endpoints, in the order of the document.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get; private set; } = [];

    /// <summary>Shows the endpoints.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        Description = document.Info.Description;
        Endpoints =
        [
            .. from path in document.Paths
            from operation in path.Value.Operations ?? []

            // HEAD answers as GET does, without the body.
            where operation.Key != HttpMethod.Head
            select new Endpoint(operation.Key.Method, path.Key, operation.Value),
        ];
    }

    /// <summary>The values that a parameter may have; empty for any text.</summary>
    public static string Values(IOpenApiParameter parameter) =>
        parameter.Schema switch
        {
            { Enum: { Count: > 0 } values } => string.Join(", ", values.Select(static value => value?.ToString())),
            { Minimum: { } least, Maximum: { } most } => $"{least} to {most}",
            { Minimum: { } least } => $"{least} or more",
            _ => "",
        };

    /// <param name="Method">GET.</param>
    /// <param name="Path">With names in braces.</param>
    /// <param name="Operation">What the document says.</param>
    public sealed record Endpoint(string Method, string Path, OpenApiOperation Operation)
    {
        /// <summary>Its anchor on the page.</summary>
        public string Anchor => Operation.OperationId ?? Path.Trim('/').Replace('/', '-');

        public IEnumerable<IOpenApiParameter> Parameters => Operation.Parameters ?? [];

        /// <summary>Whether a browser can open it without filling in names.</summary>
        public bool IsLink => Method == "GET" && !Path.Contains('{', StringComparison.Ordinal);
    }
}
