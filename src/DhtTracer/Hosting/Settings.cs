namespace DhtTracer.Hosting;

/// <summary>
/// Settings outside the command line, as usual in .NET: <c>appsettings.json</c> in the current directory, and environment variables with
/// the prefix <c>DHT_TRACER_</c>. Variables override the file, and the command line overrides both.
/// </summary>
/// <remarks>
/// The option <c>--site-port</c> is the variable <c>DHT_TRACER_SITE_PORT</c>, and <c>"SitePort"</c> in the file's section
/// <c>"DhtTracer"</c>. An option that can be repeated is an array in the file: <c>{"DhtTracer": {"SitePort": 5080, "HostName":
/// ["traces.example"]}}</c>. In a variable its values are separated by spaces. The section <c>"Logging"</c> is .NET's.
/// </remarks>
internal static class Settings
{
    /// <summary>The prefix of every variable.</summary>
    public const string Prefix = "DHT_TRACER_";

    /// <summary>The section of the file that holds options.</summary>
    public const string Section = "DhtTracer";

    /// <summary>Reads the file and the environment.</summary>
    /// <exception cref="Output.CommandFailedException">The file is not valid JSON.</exception>
    public static IConfiguration Load() => Load(Environment.CurrentDirectory);

    /// <summary>Reads the file in a folder, and the environment.</summary>
    /// <param name="folder">The folder that may contain <c>appsettings.json</c>.</param>
    internal static IConfiguration Load(string folder)
    {
        var file = Path.Combine(folder, "appsettings.json");
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(file, optional: true, reloadOnChange: false)
                .AddInMemoryCollection(FromEnvironment())
                .Build();
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or FormatException or IOException)
        {
            throw new Output.CommandFailedException(
                $"{file} cannot be read: {(unreadable.InnerException ?? unreadable).Message}",
                Output.ExitCode.Usage,
                unreadable
            );
        }
    }

    /// <summary>The values of an option in the file or the environment; null if there are none.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="option">Name of the option: <c>--site-port</c>.</param>
    /// <param name="many">Whether the option can be repeated.</param>
    public static IReadOnlyList<string>? Of(IConfiguration settings, string option, bool many)
    {
        var section = settings.GetSection($"{Section}:{Key(option)}");
        var listed = section.GetChildren().Select(static child => child.Value).OfType<string>().ToList();

        // A variable is a single value, and overrides the file's array.
        return section.Value is { Length: > 0 } value
            ? many
                ? value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                : [value]
            : listed.Count > 0
                ? listed
                : null;
    }

    private static string Key(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable.Key is string name && name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                yield return KeyValuePair.Create($"{Section}:{Key(name[Prefix.Length..])}", (string?)variable.Value);
            }
        }
    }
}
