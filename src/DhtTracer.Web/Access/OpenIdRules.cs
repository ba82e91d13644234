namespace DhtTracer.Web.Access;

/// <summary>Login by an OpenID Connect provider (https://openid.net/specs/openid-connect-core-1_0.html).</summary>
public sealed record OpenIdRules
{
    /// <summary>The value of <see cref="Readers"/> or <see cref="Operators"/> that stands for everyone who can log in there.</summary>
    public const string Everyone = "*";

    /// <summary>The issuer.</summary>
    public required Uri Authority { get; init; }

    /// <summary>The id under which the provider knows this site.</summary>
    public required string ClientId { get; init; }

    /// <summary>The secret that belongs to it; null for a public client.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>The claim whose values decide.</summary>
    /// <value>The default is <c>roles</c>.</value>
    public string RoleClaim { get; init; } = "roles";

    /// <summary>Values that make a reader.</summary>
    public IReadOnlyList<string> Readers { get; init; } = [];

    /// <summary>Values that make an operator.</summary>
    public IReadOnlyList<string> Operators { get; init; } = [];

    /// <summary>The kind that these values of the claim give; null if they give none.</summary>
    public KeyKind? KindOf(IReadOnlyCollection<string> values) =>
        Gives(Operators, values) ? KeyKind.Operator
        : Gives(Readers, values) ? KeyKind.Reader
        : null;

    private static bool Gives(IReadOnlyList<string> wanted, IReadOnlyCollection<string> values) =>
        wanted.Contains(Everyone, StringComparer.Ordinal) || wanted.Intersect(values, StringComparer.Ordinal).Any();
}
