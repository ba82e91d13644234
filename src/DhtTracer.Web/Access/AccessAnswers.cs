using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Access;

/// <summary>Answers to requests that are not allowed, in the words of their protocol: gRPC status, problem JSON, or a page.</summary>
internal static class AccessAnswers
{
    private const string NoKey =
        "This needs a key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'. "
        + "The operator makes one with 'dht-tracer keys add'.";

    private const string WrongRole = "This key or login does not allow it: it needs a key of another kind (ingest, reader, operator).";

    private const string TooMany = "Too many requests with this key, or from this address. Try again later.";

    /// <summary>Whether a request comes from gRPC.</summary>
    public static bool IsGrpc(HttpRequest request) =>
        request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether a request asks for a page, so that its answer is one for people.</summary>
    public static bool IsForPage(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/mcp", StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">401, 403 or 429.</param>
    public static Task RefuseAsync(HttpContext context, int status)
    {
        var (grpc, reason) = status switch
        {
            StatusCodes.Status401Unauthorized => ("16", NoKey),
            StatusCodes.Status403Forbidden => ("7", WrongRole),
            _ => ("8", TooMany),
        };
        var response = context.Response;
        if (IsGrpc(context.Request))
        {
            // A response of headers only. Without a status of its own, a client would show only the number of the HTTP status.
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = grpc;
            response.Headers["grpc-message"] = Uri.EscapeDataString(reason);
            return Task.CompletedTask;
        }

        response.StatusCode = status;

        // The page of errors says it to people.
        return IsForPage(context.Request) ? Task.CompletedTask : Results.Problem(reason, statusCode: status).ExecuteAsync(context);
    }
}
