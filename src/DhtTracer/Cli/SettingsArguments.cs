using System.CommandLine;
using System.CommandLine.Parsing;
using DhtTracer.Hosting;

namespace DhtTracer.Cli;

/// <summary>
/// Adds the options that stand in <c>appsettings.json</c> or in <c>DHT_TRACER_*</c> variables to a command line that does not give them.
/// They pass through the same parsers and checks as if they had been typed.
/// </summary>
internal static class SettingsArguments
{
    /// <summary>The arguments with what the settings add.</summary>
    /// <param name="arguments">As they were typed.</param>
    /// <param name="typed">The same, parsed.</param>
    /// <param name="settings">The settings.</param>
    public static IReadOnlyList<string> Complete(string[] arguments, ParseResult typed, IConfiguration settings)
    {
        var added = new List<string>();
        foreach (var option in Options(typed.CommandResult))
        {
            if (
                typed.GetResult(option) is null or { Implicit: true }
                && Settings.Of(settings, option.Name, option.Arity.MaximumNumberOfValues > 1) is { } values
            )
            {
                added.AddRange(values.SelectMany(value => new[] { option.Name, value }));
            }
        }

        // What follows "--" is no option.
        var end = Array.IndexOf(arguments, "--");
        return end < 0 ? [.. arguments, .. added] : [.. arguments[..end], .. added, .. arguments[end..]];
    }

    /// <summary>The settings that a command takes; for the others only where the data is.</summary>
    private static IEnumerable<Option> Options(CommandResult command) =>
        command.Command is RootCommand || command.Command.Name is "demo" or "node"
            ? command.Command.Options.Where(static option => !Ignored.Contains(option.Name)).Append(CommonOptions.Data).Distinct()
            : [CommonOptions.Data];

    // The parser's own, and those whose values are secrets that have variables of their own.
    private static readonly string[] Ignored = ["--help", "--version", "--kubo-auth"];
}
