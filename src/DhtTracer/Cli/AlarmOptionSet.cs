using System.CommandLine;
using System.Text;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Alarms;

namespace DhtTracer.Cli;

/// <summary>Where alarms are sent. The secret is in a variable or a file, so that no list of processes shows it.</summary>
internal sealed class AlarmOptionSet
{
    /// <summary>The variable with the secret.</summary>
    public const string SecretVariable = Settings.Prefix + "ALARM_WEBHOOK_SECRET";

    private readonly Option<string[]> _webhook = new("--alarm-webhook")
    {
        Description = $"Address that alarms are posted to, signed with the secret of {SecretVariable} or of the file. Repeatable.",
        HelpName = "URL",
    };

    private readonly Option<string?> _secretFile = new("--alarm-webhook-secret-file")
    {
        Description = "File with the secret that signs webhooks.",
        HelpName = "FILE",
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_webhook, _secretFile];

    /// <summary>The options as they were given.</summary>
    /// <exception cref="CommandFailedException">An address is not valid, or there is no secret.</exception>
    public AlarmOptions Read(ParseResult result)
    {
        var webhooks = (result.GetValue(_webhook) ?? []).Select(Parse).ToList();
        if (webhooks.Count == 0)
        {
            return AlarmOptions.None;
        }

        var secret = Secret(result.GetValue(_secretFile)) ?? Environment.GetEnvironmentVariable(SecretVariable)?.Trim() ?? "";
        var bytes = Encoding.UTF8.GetBytes(secret);
        return bytes.Length >= AlarmOptions.ShortestSecret
            ? new AlarmOptions(webhooks, bytes)
            : throw new CommandFailedException(
                $"--alarm-webhook needs a secret of at least {AlarmOptions.ShortestSecret} bytes: set {SecretVariable}, or name a "
                    + "file with --alarm-webhook-secret-file.",
                ExitCode.Usage
            );
    }

    private static Uri Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
            ? uri
            : throw new CommandFailedException(
                $"--alarm-webhook takes an http:// or https:// address without a user name, not \"{text}\".",
                ExitCode.Usage
            );

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
