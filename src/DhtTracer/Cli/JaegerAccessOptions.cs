using System.CommandLine;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>
/// Certificates and credentials for a Jaeger to pull from. Secrets are read from files, so that no list of processes shows them.
/// </summary>
/// <param name="prefix">Stands before each name: empty, or <c>pull-</c>.</param>
internal sealed class JaegerAccessOptions(string prefix)
{
    private readonly Option<string?> _ca = new($"--{prefix}ca")
    {
        Description = "Certificates (PEM) to trust instead of the system's.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _certificate = new($"--{prefix}client-cert")
    {
        Description = "Our certificate (PEM), where the Jaeger asks for one.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new($"--{prefix}client-key")
    {
        Description = "Its private key (PEM), when it is not in the same file.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _token = new($"--{prefix}token-file") { Description = "File with a bearer token.", HelpName = "FILE" };

    private readonly Option<string?> _basic = new($"--{prefix}basic-file")
    {
        Description = "File with user:password for basic authorization.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _headers = new($"--{prefix}header")
    {
        Description = "Header to send, such as \"x-scope-orgid: team\". Repeatable.",
        HelpName = "HEADER",
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_ca, _certificate, _key, _token, _basic, _headers];

    /// <summary>The options as they were given.</summary>
    /// <exception cref="CommandFailedException">A file cannot be read.</exception>
    public JaegerAccess Read(ParseResult result) =>
        new()
        {
            CaFile = result.GetValue(_ca),
            ClientCertificateFile = result.GetValue(_certificate),
            ClientKeyFile = result.GetValue(_key),
            BearerToken = Secret(result.GetValue(_token)),
            Basic = Secret(result.GetValue(_basic)),
            Headers = result.GetValue(_headers) ?? [],
        };

    private static string? Secret(string? file)
    {
        try
        {
            return file is null ? null : File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(e.Message, ExitCode.Usage, e);
        }
    }
}
