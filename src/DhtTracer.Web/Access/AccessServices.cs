using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DhtTracer.Web.Access;

/// <summary>Registers authentication, authorization and limits, and puts them on the pipelines of ports.</summary>
public static class AccessServices
{
    /// <summary>Scheme of logins.</summary>
    public const string SessionScheme = "session";

    /// <summary>Name of the cookie of a login.</summary>
    public const string SessionCookie = "dht-tracer-session";

    private const string Chooser = "access";

    /// <summary>Adds the services.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="rules">Who may do what.</param>
    internal static IServiceCollection AddAccess(this IServiceCollection services, AccessRules rules)
    {
        services.AddSingleton(rules);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<KeyRing>();
        services.AddHostedService(static provider => provider.GetRequiredService<KeyRing>());
        var authentication = services
            .AddAuthentication(Chooser)
            .AddScheme<AuthenticationSchemeOptions, OpenAuthentication>(OpenAuthentication.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null)
            .AddCookie(SessionScheme, cookie => ConfigureSession(cookie, rules))
            .AddPolicyScheme(Chooser, null, static options => options.ForwardDefaultSelector = Choose);
        if (rules is { IsRequired: true, OpenId: { } provider })
        {
            OpenIdLogin.Add(authentication, provider);
        }

        services.AddAuthorization(AccessPolicies.Add);
        services.AddSingleton<IAuthorizationHandler, AccessRequirementHandler>();
        services.AddRateLimiter(limits => AccessLimits.Configure(limits, rules));
        return services;
    }

    /// <summary>
    /// Puts the checks on a pipeline, after its routing. The limit comes before the decision, so that requests without a key are limited,
    /// too.
    /// </summary>
    public static IApplicationBuilder UseAccess(this IApplicationBuilder app) =>
        app.Use(BadRequests.AnswerAsync).UseAuthentication().UseRateLimiter().UseAuthorization();

    private static string Choose(HttpContext context) =>
        !context.RequestServices.GetRequiredService<AccessRules>().IsRequired ? OpenAuthentication.SchemeName
        : KeyAuthentication.IsTried(context.Request) || !AccessAnswers.IsForPage(context.Request) && !HasSession(context.Request)
            ? KeyAuthentication.SchemeName
        : SessionScheme;

    private static bool HasSession(HttpRequest request) => request.Cookies.ContainsKey(SessionCookie);

    private static void ConfigureSession(CookieAuthenticationOptions options, AccessRules rules)
    {
        options.ExpireTimeSpan = rules.Session;
        options.Cookie.Name = SessionCookie;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.SlidingExpiration = true;
        options.LoginPath = "/login";
        options.ReturnUrlParameter = "next";
        options.Events.OnValidatePrincipal = ValidateAsync;
        options.Events.OnRedirectToLogin = static context =>
            AccessAnswers.IsForPage(context.Request) && HttpMethods.IsGet(context.Request.Method)
                ? RedirectAsync(context.Response, context.RedirectUri)
                : AccessAnswers.RefuseAsync(context.HttpContext, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = static context =>
            AccessAnswers.RefuseAsync(context.HttpContext, StatusCodes.Status403Forbidden);
    }

    private static Task RedirectAsync(HttpResponse response, string address)
    {
        response.Redirect(address);
        return Task.CompletedTask;
    }

    // A login ends with its key: when that is revoked, rotated or expired.
    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var user = context.Principal;
        if (user?.FindFirstValue(Caller.VersionClaim) is not { } version)
        {
            return;
        }

        var keys = context.HttpContext.RequestServices.GetRequiredService<KeyRing>();
        if (user.FindFirstValue(ClaimTypes.NameIdentifier) is not { } id || keys.FindForSession(id, version) is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(SessionScheme);
        }
    }
}
