using Microsoft.AspNetCore.Authorization;

namespace DhtTracer.Web.Access;

/// <summary>
/// The policies that endpoints name. Every endpoint names one, or says that anyone may use it; one that says nothing needs an operator.
/// </summary>
public static class AccessPolicies
{
    /// <summary>Receivers: an ingest key.</summary>
    public const string Ingest = "ingest";

    /// <summary>Reads the archive, whatever the method: a reader or an operator.</summary>
    public const string Reader = "reader";

    /// <summary>Changes something or makes a node act: an operator.</summary>
    public const string Operator = "operator";

    /// <summary>Pages with forms: reading (GET, HEAD) needs a reader, everything else an operator.</summary>
    public const string Page = "page";

    /// <summary>Adds the policies.</summary>
    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(Ingest, static policy => policy.AddRequirements(new AccessRequirement(KeyKind.Ingest, KeyKind.Ingest)));
        options.AddPolicy(Reader, static policy => policy.AddRequirements(new AccessRequirement(KeyKind.Reader, KeyKind.Reader)));
        options.AddPolicy(Operator, static policy => policy.AddRequirements(new AccessRequirement(KeyKind.Operator, KeyKind.Operator)));
        options.AddPolicy(Page, static policy => policy.AddRequirements(new AccessRequirement(KeyKind.Reader, KeyKind.Operator)));
        options.FallbackPolicy = options.GetPolicy(Operator);
    }
}
