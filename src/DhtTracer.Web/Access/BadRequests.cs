using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Access;

/// <summary>Answers requests whose body breaks the rules of HTTP with 400, as they are no failure of the program.</summary>
internal static class BadRequests
{
    /// <summary>Passes a request on, and answers 400 if reading its body shows that it is not valid.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception error) when (StatusOf(error) is { } status && !context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = status;
        }
    }

    // Kestrel reports a chunk size that overflows as an IOException around the overflow.
    private static int? StatusOf(Exception error) =>
        error switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            IOException { InnerException: OverflowException } => StatusCodes.Status400BadRequest,
            _ => null,
        };
}
