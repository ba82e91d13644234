using DhtTracer.Ingestion.Sink;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Answers unsupported requests on a receiver's port with the reason and the remedy. A bare 404 or 405 would not help the sender's
/// operator.
/// </summary>
public static class OtherRequests
{
    /// <summary>Maps the answer for every other path and method of the port.</summary>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="method">The method that the port supports.</param>
    /// <param name="path">The path that the port supports.</param>
    /// <param name="what">What the port is for, and where to send other requests.</param>
    /// <param name="receiver">The name in the statistics, and the statistics; null to count nothing.</param>
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
                        // Only a POST is likely an attempt to send spans; a browser's GET is not.
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
