using Microsoft.AspNetCore.Http;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>A one-line answer for people.</summary>
public static class PlainTextAnswer
{
    /// <summary>Answers with a status and a reason.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">An HTTP status code.</param>
    /// <param name="message">The reason and the remedy, without a final line break.</param>
    public static async Task FailAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.WriteAsync(message + "\n", context.RequestAborted);
    }
}
