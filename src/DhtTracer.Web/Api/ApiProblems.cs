using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Api;

/// <summary>Answers as application/problem+json that several endpoints give.</summary>
internal static class ApiProblems
{
    /// <summary>400: what was wrong with the request.</summary>
    /// <param name="problems">Sentences.</param>
    public static IResult Bad(IEnumerable<string> problems) =>
        Results.Problem(string.Join(' ', problems), statusCode: StatusCodes.Status400BadRequest);

    /// <summary>404: the archive does not have it.</summary>
    /// <param name="what"><c>query</c>, <c>operation</c>, <c>trace</c> or <c>peer</c>.</param>
    public static IResult NotHere(string what) =>
        Results.Problem(
            $"This {what} is not here: it was not imported yet, or is no longer kept.",
            statusCode: StatusCodes.Status404NotFound
        );
}
