using System.CommandLine;
using System.CommandLine.Parsing;
using DhtTracer.Hosting;

namespace DhtTracer.Cli;

/// <summary>
/// Adds options from <c>appsettings.json</c> or <c>DHT_TRACER_*</c> variables to a command line without them. They pass the same parsers
/// and checks as typed options.
/// </summary>
internal static class SettingsArguments
{
    /// <summary>Returns the arguments with the options from the settings.</summary>
    /// <param name="arguments">The arguments as typed.</param>
    /// <param name="typed">The parsed arguments.</param>
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

        // Arguments after "--" are not options.
        var end = Array.IndexOf(arguments, "--");
        return end < 0 ? [.. arguments, .. added] : [.. arguments[..end], .. added, .. arguments[end..]];
    }

    /// <summary>The options of a command that settings can set. For some commands this is only the data directory.</summary>
    private static IEnumerable<Option> Options(CommandResult command) =>
        command.Command is RootCommand || command.Command.Name is "demo" or "node"
            ? command.Command.Options.Where(static option => !Ignored.Contains(option.Name)).Append(CommonOptions.Data).Distinct()
            : command.Command.Options.Where(static option => option == CommonOptions.KeyFile).Append(CommonOptions.Data);

    // Options of the parser itself, and options for secrets, which have their own variables.
    private static readonly string[] Ignored = ["--help", "--version", "--kubo-auth"];
}
