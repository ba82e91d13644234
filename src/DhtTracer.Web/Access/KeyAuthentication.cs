using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DhtTracer.Web.Access;

/// <summary>A key in a header: <c>Authorization: Bearer SECRET</c> or <c>x-api-key: SECRET</c>.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    KeyRing keys
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "key";

    /// <summary>The header beside <c>Authorization</c>.</summary>
    public const string Header = "x-api-key";

    private const string Bearer = "Bearer ";

    /// <summary>Whether a request has a key, valid or not.</summary>
    public static bool IsTried(HttpRequest request) => SecretIn(request) is not null;

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (SecretIn(Request) is not { } secret)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        // The reason stays general: neither the answer nor the log may help to guess a key, or show one.
        return Task.FromResult(
            keys.Find(secret) is { } key
                ? AuthenticateResult.Success(new AuthenticationTicket(Caller.Of(key, Scheme.Name), Scheme.Name))
                : AuthenticateResult.Fail("The key is not valid.")
        );
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return AccessAnswers.RefuseAsync(Context, StatusCodes.Status401Unauthorized);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        AccessAnswers.RefuseAsync(Context, StatusCodes.Status403Forbidden);

    private static string? SecretIn(HttpRequest request)
    {
        var bearer = request.Headers.Authorization.ToString();
        if (bearer.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return bearer[Bearer.Length..].Trim();
        }

        return request.Headers[Header].ToString() is { Length: > 0 } key ? key.Trim() : null;
    }
}
