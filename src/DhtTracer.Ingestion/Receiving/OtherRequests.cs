using DhtTracer.Ingestion.Sink;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Answers what a receiver's port does not take with the reason and the remedy, where a bare 404 or 405 would leave the operator of a
/// sender guessing.
/// </summary>
public static class OtherRequests
{
    /// <summary>Maps the answer to every other path and method of the port.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="method">The method that the port takes.</param>
    /// <param name="path">The path that it takes.</param>
    /// <param name="what">What is to be sent or asked there, and where other things go.</param>
    /// <param name="receiver">Name in the statistics, and these; null when nothing is to be counted.</param>
    public static void MapOthers(
        this IEndpointRouteBuilder endpoints,
        string method,
        string path,
        string what,
        (string Name, IngestStatistics Statistics)? receiver = null
    ) =>
        endpoints
            .MapFallback(
                "{**path}",
                context =>
                {
                    var known = context.Request.Path.Equals(path, StringComparison.OrdinalIgnoreCase);
                    if (known)
                    {
                        context.Response.Headers.Allow = method;
                    }

                    var text = $"This port takes {method} {path}: {what}";
                    if (HttpMethods.IsPost(context.Request.Method) && receiver is { } counted)
                    {
                        // Somebody means to send spans. A browser that looks what is here does not.
                        counted.Statistics.CountRefused(counted.Name, $"Something was posted to another path. {text}");
                    }

                    return PlainTextAnswer.FailAsync(
                        context,
                        known ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound,
                        text
                    );
                }
            )
            .WithDisplayName($"What is not {method} {path}");
}
