using DhtTracer.Web.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;

namespace DhtTracer.Web.Pages.Login;

/// <summary>
/// Begins and ends a login. A link with the key (<c>/login?token=KEY</c>) logs in at once and leaves no key in the address.
/// </summary>
[AllowAnonymous]
[EnableRateLimiting(AccessLimits.Login)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
internal sealed class LoginModel(KeyRing keys, AccessRules rules) : PageModel
{
    /// <summary>Why the last try failed; null when there was none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Where to go after the login: a path of this site.</summary>
    public string Next { get; private set; } = "/";

    /// <summary>Whether this site has a login at all.</summary>
    public bool IsRequired => rules.IsRequired;

    /// <summary>Whether a provider can log in, too.</summary>
    public bool HasProvider => rules is { IsRequired: true, OpenId: not null };

    /// <summary>Whether keys can log in.</summary>
    public bool HasKeys => rules.Keys is not null;

    /// <summary>Shows the form, or logs in with the key of the link.</summary>
    public async Task<IActionResult> OnGetAsync(string? token, string? next, bool failed)
    {
        SetNext(next);
        Problem = failed ? "The login failed, or your account has no role at this site. Ask its operator." : null;
        return token is null ? Page() : await LogInAsync(token);
    }

    /// <summary>Leads to the provider.</summary>
    public IActionResult OnGetProvider(string? next)
    {
        SetNext(next);
        return HasProvider ? Challenge(new AuthenticationProperties { RedirectUri = Next }, OpenIdLogin.SchemeName) : Redirect("/login");
    }

    /// <summary>Logs in with the key of the form.</summary>
    public Task<IActionResult> OnPostAsync([FromForm] string? key, [FromForm] string? next)
    {
        SetNext(next);
        return LogInAsync(key ?? "");
    }

    /// <summary>Ends the login.</summary>
    public async Task<IActionResult> OnPostOutAsync()
    {
        await HttpContext.SignOutAsync(AccessServices.SessionScheme);
        return Redirect("/login");
    }

    private async Task<IActionResult> LogInAsync(string secret)
    {
        if (!rules.IsRequired)
        {
            return LocalRedirect(Next);
        }

        var key = keys.Find(secret.Trim());
        if (key is null || key.Kind == KeyKind.Ingest)
        {
            Problem = key is null
                ? "This key is not valid. It may be mistyped, expired or revoked."
                : "This key is for sending spans. Log in with a reader or operator key.";
            Response.StatusCode = StatusCodes.Status403Forbidden;
            return Page();
        }

        await HttpContext.SignInAsync(
            AccessServices.SessionScheme,
            Caller.Of(key, AccessServices.SessionScheme),
            new AuthenticationProperties { IsPersistent = true }
        );
        return LocalRedirect(Next);
    }

    // Only a path of this site: a link must not lead elsewhere after the login.
    private void SetNext(string? next) => Next = next is not null && Url.IsLocalUrl(next) ? next : "/";
}
