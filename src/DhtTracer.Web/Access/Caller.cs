using System.Security.Claims;

namespace DhtTracer.Web.Access;

/// <summary>What is known of the caller of a request.</summary>
public static class Caller
{
    /// <summary>Authentication type of callers where no key is required.</summary>
    public const string OpenType = "open";

    /// <summary>The claim that tells with which secret of a key a session began.</summary>
    internal const string VersionClaim = "dht-tracer-key-version";

    /// <summary>Whether the caller has a role. An operator is a reader, too.</summary>
    public static bool Has(this ClaimsPrincipal user, KeyKind kind) =>
        user.IsInRole(RoleOf(kind)) || (kind == KeyKind.Reader && user.IsInRole(RoleOf(KeyKind.Operator)));

    /// <summary>Whether the caller may change something.</summary>
    public static bool MayOperate(this ClaimsPrincipal user) => user.Has(KeyKind.Operator);

    /// <summary>Whether the caller logged in, so that there is something to log out from.</summary>
    public static bool IsLoggedIn(this ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true, AuthenticationType: not OpenType };

    /// <summary>The role of a kind of keys.</summary>
    public static string RoleOf(KeyKind kind) =>
        kind switch
        {
            KeyKind.Ingest => "ingest",
            KeyKind.Reader => "reader",
            _ => "operator",
        };

    /// <summary>The caller that a key stands for.</summary>
    internal static ClaimsPrincipal Of(AccessKey key, string scheme) =>
        new(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.NameIdentifier, key.Id),
                    new Claim(ClaimTypes.Name, key.Name),
                    new Claim(ClaimTypes.Role, RoleOf(key.Kind)),
                    new Claim(VersionClaim, KeyRing.VersionOf(key)),
                ],
                scheme
            )
        );

    /// <summary>Everyone, where no key is required.</summary>
    internal static ClaimsPrincipal Anyone() =>
        new(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.NameIdentifier, OpenType),
                    new Claim(ClaimTypes.Role, RoleOf(KeyKind.Operator)),
                    new Claim(ClaimTypes.Role, RoleOf(KeyKind.Ingest)),
                ],
                OpenType
            )
        );
}
