using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DhtTracer.Web.Api;

/// <summary>Makes the schemas of the OpenAPI document say what <see cref="ApiJson"/> and <see cref="QueryJson"/> write.</summary>
internal static class ApiSchemas
{
    /// <summary>Corrects the schema of a type.</summary>
    public static Task Correct(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(QueryId) || type == typeof(QueryId?))
        {
            (schema.Type, schema.Pattern, schema.Description) = (
                JsonSchemaType.String,
                "^[0-9a-f]{32}-[0-9a-f]{16}$",
                "Permalink: traceId-spanId"
            );
        }
        else if (type == typeof(SpanId) || type == typeof(SpanId?))
        {
            (schema.Type, schema.Pattern, schema.Description) = (JsonSchemaType.String, "^[0-9a-f]{16}$", "Span id in hex");
        }
        else if (type == typeof(ulong))
        {
            (schema.Type, schema.Format, schema.Pattern) = (JsonSchemaType.String, null, "^[0-9]{1,20}$");
            schema.Description ??= "Nanoseconds since 1970-01-01 UTC as a decimal string: JavaScript keeps 53 bits of a number";
        }
        else if (schema.Enum is { Count: > 0 } values)
        {
            // Where a value may be unknown, the place that uses the type says so; a null here as well would match twice.
            schema.Enum = [.. values.Where(static value => !value.IsJsonNullSentinel())];
            schema.Type = JsonSchemaType.String;
        }
        else if (schema.Properties is { Count: > 0 } properties)
        {
            // Unknown is null, and never left out.
            schema.Required = properties.Keys.ToHashSet(StringComparer.Ordinal);
            if (type == typeof(PeerRequest) && properties.TryGetValue("named", out var named) && named is OpenApiSchema array)
            {
                array.Type |= JsonSchemaType.Null;
            }
        }

        return Task.CompletedTask;
    }
}
