namespace DhtTracer.Web.Access;

/// <summary>Who may use the ports of this process.</summary>
public sealed record AccessRules
{
    /// <summary>Whether requests need a key or a login. Else everyone who reaches a port may use it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The file of the keys; null if none are required, or only logins of a provider.</summary>
    public KeyFile? Keys { get; init; }

    /// <summary>The provider of logins beside keys; null for none.</summary>
    public OpenIdRules? OpenId { get; init; }

    /// <summary>How long a login lasts without a request.</summary>
    /// <value>The default is 12 hours.</value>
    public TimeSpan Session { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Requests a second of one ingest key; twice as many at once.</summary>
    /// <value>The default is 1,000.</value>
    public int IngestRate { get; init; } = 1_000;

    /// <summary>Requests a second of one reader or operator, or of one address without a key; four times as many at once.</summary>
    /// <value>The default is 50.</value>
    public int SiteRate { get; init; } = 50;

    /// <summary>Requests to the login of one address in a minute.</summary>
    /// <value>The default is 20.</value>
    public int LoginTries { get; init; } = 20;
}
