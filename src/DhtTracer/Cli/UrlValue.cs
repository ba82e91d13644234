using System.CommandLine.Parsing;

namespace DhtTracer.Cli;

/// <summary>Parses the URL of a server from an option.</summary>
internal static class UrlValue
{
    /// <summary>Parses <c>http://host:port</c> or <c>https://…</c>. The error for any other text quotes it.</summary>
    public static Uri? Parse(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri;
        }

        result.AddError($"'{result.Tokens[0].Value}' is no http:// or https:// address.");
        return null;
    }
}
