using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Access;

/// <summary>What a request needs.</summary>
/// <param name="Reading">Role for GET, HEAD and OPTIONS.</param>
/// <param name="Acting">Role for all other methods.</param>
internal sealed record AccessRequirement(KeyKind Reading, KeyKind Acting) : IAuthorizationRequirement
{
    /// <summary>The role that a method needs.</summary>
    public KeyKind For(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) ? Reading : Acting;
}

/// <summary>Marks requests of a port that the operator opened without keys (<c>--open-without-key</c>).</summary>
public sealed class OpenWithoutKey
{
    /// <summary>The mark, as a feature of the request.</summary>
    public static OpenWithoutKey Mark { get; } = new();

    private OpenWithoutKey() { }
}

/// <summary>Decides by the role of the caller.</summary>
internal sealed class AccessRequirementHandler : AuthorizationHandler<AccessRequirement>
{
    /// <inheritdoc/>
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
    {
        if (
            context.Resource is HttpContext http
            && (http.Features.Get<OpenWithoutKey>() is not null || http.User.Has(requirement.For(http.Request.Method)))
        )
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
