using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;
using DhtTracer.Storage.Postgres;
using DhtTracer.Web.Access;

namespace DhtTracer.Hosting;

/// <summary>
/// Decides at the start who may use the ports: everyone on this machine if they bind loopback; else holders of a key; everyone only if the
/// user said <c>--insecure</c>.
/// </summary>
internal static class AccessDecision
{
    /// <summary>The rules for these options.</summary>
    /// <param name="options">Options of the main process.</param>
    /// <param name="now">The present time: an expired key lets nobody in.</param>
    /// <exception cref="CommandFailedException">The ports would be open to others without keys, or the options contradict each other.
    /// </exception>
    /// <exception cref="KeyFileException">The file of keys cannot be used.</exception>
    public static AccessRules Of(ServerOptions options, DateTimeOffset now)
    {
        CheckNames(options.OpenWithoutKey);
        if (options.Insecure && (options.Login || options.OpenId is not null))
        {
            throw new CommandFailedException("--insecure contradicts --login and --oidc-authority: give one of them.", ExitCode.Usage);
        }

        if (options.Insecure || (IPAddress.IsLoopback(options.Bind) && !options.Login && options.OpenId is null))
        {
            return new AccessRules();
        }

        // With a provider, keys are for senders and programs only, so there need be none.
        var needsFile = options.OpenId is null || options.KeyFile is not null || !PostgresConnection.IsConnection(options.DataDirectory);
        var file = needsFile ? new KeyFile(PathOf(options.DataDirectory, options.KeyFile)) : null;
        if (file?.Read().Any(key => key.IsValidAt(now)) == false && options.OpenId is null)
        {
            var reason = options.Login
                ? "--login needs a key to log in with"
                : $"--bind {options.Bind} lets others reach the ports, so they need keys";
            throw new CommandFailedException(
                $"{reason}, but {file.Path} has none. Make the first with 'dht-tracer keys add --kind operator --name NAME' "
                    + "(and the same --data or --key-file). To let everyone in who reaches the ports, start with --insecure.",
                ExitCode.Usage
            );
        }

        return new AccessRules
        {
            IsRequired = true,
            Keys = file,
            OpenId = options.OpenId,
            Session = options.Session,
            IngestRate = options.IngestRate,
            SiteRate = options.SiteRate,
            LoginTries = options.LoginTries,
        };
    }

    /// <summary>Full path of the file of keys.</summary>
    /// <param name="data">Data directory, or database.</param>
    /// <param name="keyFile">Value of <c>--key-file</c>; null if it was not given.</param>
    /// <exception cref="CommandFailedException">The archive is a database, and no file is given.</exception>
    public static string PathOf(string data, string? keyFile) =>
        keyFile is not null ? Path.GetFullPath(keyFile)
        : PostgresConnection.IsConnection(data)
            ? throw new CommandFailedException(
                "The archive is in a database, so the keys need a file of their own: add --key-file FILE.",
                ExitCode.Usage
            )
        : Path.Combine(data, KeyFile.DefaultName);

    private static void CheckNames(IReadOnlyList<string> open)
    {
        var names = PortTable.Main.Where(static port => port.Kind != PortKind.Site).Select(static port => port.Name).ToList();
        if (open.FirstOrDefault(name => !names.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new CommandFailedException(
                $"--open-without-key {unknown}: there is no such port. Ports: {string.Join(", ", names)}.",
                ExitCode.Usage
            );
        }
    }
}
