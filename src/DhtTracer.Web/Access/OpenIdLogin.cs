using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace DhtTracer.Web.Access;

/// <summary>The login by a provider: code flow with PKCE, then the same session cookie as a login with a key.</summary>
internal static class OpenIdLogin
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "oidc";

    /// <summary>Where the provider sends the browser back to; it must be registered there.</summary>
    public const string CallbackPath = "/signin-oidc";

    private const int MaxName = 200;

    /// <summary>Adds the scheme.</summary>
    public static void Add(AuthenticationBuilder authentication, OpenIdRules rules) =>
        authentication.AddOpenIdConnect(SchemeName, options => Configure(options, rules));

    private static void Configure(OpenIdConnectOptions options, OpenIdRules rules)
    {
        options.Authority = rules.Authority.ToString();
        options.ClientId = rules.ClientId;
        options.ClientSecret = rules.ClientSecret;
        options.SignInScheme = AccessServices.SessionScheme;
        options.CallbackPath = CallbackPath;
        options.ResponseType = OpenIdConnectResponseType.Code;

        // The answer as a form would be a POST of another site, which no cookie with SameSite=Lax accompanies.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.MapInboundClaims = false;
        options.SaveTokens = false;
        options.RequireHttpsMetadata = !rules.Authority.IsLoopback;
        foreach (var cookie in new[] { options.CorrelationCookie, options.NonceCookie })
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        options.Events.OnTokenValidated = context =>
        {
            var kind = rules.KindOf([.. context.Principal!.FindAll(rules.RoleClaim).Select(static claim => claim.Value)]);
            if (kind is null)
            {
                context.Fail("No role.");
            }
            else
            {
                context.Principal = Of(context.Principal, kind.Value);
            }

            return Task.CompletedTask;
        };
        options.Events.OnRemoteFailure = static context =>
        {
            // What failed is not told to the browser: it comes from the address, so anyone can write it.
            context.Response.Redirect("/login?failed=true");
            context.HandleResponse();
            return Task.CompletedTask;
        };
    }

    // Only what the site needs goes into the cookie.
    private static ClaimsPrincipal Of(ClaimsPrincipal user, KeyKind kind)
    {
        var subject = user.FindFirstValue("sub") ?? "";
        var name = user.FindFirstValue("name") ?? user.FindFirstValue("preferred_username") ?? user.FindFirstValue("email") ?? subject;
        return new ClaimsPrincipal(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.NameIdentifier, "oidc " + subject),
                    new Claim(ClaimTypes.Name, name.Length > MaxName ? name[..MaxName] : name),
                    new Claim(ClaimTypes.Role, Caller.RoleOf(kind)),
                ],
                SchemeName
            )
        );
    }
}
