using System.CommandLine.Parsing;
using DhtTracer.Hosting;
using DhtTracer.Jaeger.Pull;
using Microsoft.AspNetCore.WebUtilities;

namespace DhtTracer.Cli;

/// <summary>
/// A pull source on the command line: <c>jaeger://host:16685</c>, or with its own services:
/// <c>jaeger://host:16685?service=kubo&amp;service=js</c>.
/// </summary>
internal static class PullSourceValue
{
    private const string Service = "service";

    /// <summary>Reads the values of an option.</summary>
    public static PullSource[] Parse(ArgumentResult result)
    {
        try
        {
            return [.. result.Tokens.Select(token => Parse(token.Value))];
        }
        catch (ArgumentException wrong)
        {
            result.AddError(wrong.Message.Split(" (Parameter", 2)[0] + ".");
            return [];
        }
    }

    private static PullSource Parse(string text)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        var url = question < 0 ? text : text[..question];
        _ = JaegerAddress.Parse(url);
        var query = question < 0 ? [] : QueryHelpers.ParseQuery(text[question..]);
        var services = query.TryGetValue(Service, out var named) ? [.. named.Select(name => name ?? "")] : Array.Empty<string>();
        return query.Keys.Any(key => key != Service) || (question >= 0 && services.Length == 0) || services.Contains("")
            ? throw new ArgumentException($"\"{text}\" takes nothing but ?service=NAME&service=NAME after the address", nameof(text))
            : new PullSource(url, services);
    }
}
