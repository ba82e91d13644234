namespace DhtTracer.Hosting;

/// <summary>
/// Settings beside the command line, as .NET programs have them: <c>appsettings.json</c> in the current directory, and environment
/// variables that begin with <c>DHT_TRACER_</c>, which win over the file. The command line wins over both.
/// </summary>
/// <remarks>
/// An option <c>--site-port</c> is <c>DHT_TRACER_SITE_PORT</c>, and in the file <c>"SitePort"</c> in the section <c>"DhtTracer"</c>, where
/// one that may be given several times is an array: <c>{"DhtTracer": {"SitePort": 5080, "HostName": ["traces.example"]}}</c>. In a variable
/// its values are separated by spaces. The section <c>"Logging"</c> is .NET's.
/// </remarks>
internal static class Settings
{
    /// <summary>Begins the name of every variable.</summary>
    public const string Prefix = "DHT_TRACER_";

    /// <summary>The section of the file that holds options.</summary>
    public const string Section = "DhtTracer";

    /// <summary>Reads file and environment.</summary>
    /// <exception cref="Output.CommandFailedException">The file is no JSON.</exception>
    public static IConfiguration Load() => Load(Environment.CurrentDirectory);

    /// <summary>Reads the file of a folder, and the environment.</summary>
    /// <param name="folder">Where <c>appsettings.json</c> may be.</param>
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

    /// <summary>The values of an option that stand in file or environment; null when none do.</summary>
    /// <param name="settings">What was read.</param>
    /// <param name="option">Name of the option: <c>--site-port</c>.</param>
    /// <param name="many">It may be given several times.</param>
    public static IReadOnlyList<string>? Of(IConfiguration settings, string option, bool many)
    {
        var section = settings.GetSection($"{Section}:{Key(option)}");
        var listed = section.GetChildren().Select(static child => child.Value).OfType<string>().ToList();

        // A variable is one value, and wins over the array of the file.
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
