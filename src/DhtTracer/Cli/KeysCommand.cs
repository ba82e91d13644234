using System.CommandLine;
using System.Globalization;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Access;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer keys</c>: adds, lists, rotates and revokes the keys of senders and readers.</summary>
internal static class KeysCommand
{
    private const int MaxName = 100;

    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new("keys", "Manage the keys that senders and readers need where ports are open to others.") { Add(), List(), Rotate(), Revoke() };

    private static Command Add()
    {
        var kind = new Option<KeyKind>("--kind")
        {
            Description = "ingest: send spans. reader: see everything. operator: also run queries, import and pin.",
            HelpName = "KIND",
            Required = true,
            CustomParser = static result =>
            {
                foreach (var known in Enum.GetValues<KeyKind>())
                {
                    if (result.Tokens[0].Value == Caller.RoleOf(known))
                    {
                        return known;
                    }
                }

                result.AddError("--kind takes ingest, reader or operator.");
                return default;
            },
        };
        var name = new Option<string>("--name")
        {
            Description = "Name of the key, such as that of its holder.",
            HelpName = "NAME",
            Required = true,
        };
        name.Validators.Add(static result =>
        {
            var text = result.GetValueOrDefault<string>();
            result.Require(
                !string.IsNullOrWhiteSpace(text) && text.Length <= MaxName && PlainText.Safe(text) == text,
                $"--name takes 1 to {MaxName} printable characters."
            );
        });
        var expires = new Option<TimeSpan?>("--expires")
        {
            Description = "How long the key is valid, such as 90d. Without it, until it is revoked.",
            HelpName = "DURATION",
            CustomParser = static result => DurationValue.Parse(result),
        };
        var site = new Option<Uri>("--site")
        {
            Description = "Address of the site, for the login link.",
            HelpName = "URL",
            CustomParser = UrlValue.Parse,
        };
        var command = new Command("add", "Make a key. Its secret is shown once.") { kind, name, expires, site, CommonOptions.KeyFile };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result,
                    async (file, output) =>
                    {
                        var now = TimeProvider.System.GetUtcNow();
                        var id = KeySecret.NewId();
                        var secret = KeySecret.Create(id);
                        var key = new AccessKey
                        {
                            Id = id,
                            Name = result.GetValue(name)!,
                            Kind = result.GetValue(kind),
                            Hash = KeySecret.Hash(secret),
                            Created = now,
                            Expires = now + result.GetValue(expires),
                        };
                        await file.UpdateAsync(
                            keys =>
                                keys.Any(other => other.Name == key.Name)
                                    ? throw new CommandFailedException(
                                        $"There is a key '{key.Name}' already. Take another name, or run: dht-tracer keys rotate "
                                            + $"'{key.Name}'"
                                    )
                                    : keys.Add(key),
                            cancellation
                        );
                        await ShowSecretAsync(output, key, secret, result.GetValue(site));
                    }
                )
        );
        return command;
    }

    private static Command List()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "List the keys, without their secrets.") { json, CommonOptions.KeyFile };
        command.SetAction(
            (result, _) =>
                RunAsync(
                    result,
                    async (file, output) =>
                    {
                        var keys = file.Read();
                        if (result.GetValue(json))
                        {
                            foreach (var key in keys)
                            {
                                await output.WriteLineAsync(
                                    System.Text.Json.JsonSerializer.Serialize(
                                        new
                                        {
                                            id = key.Id,
                                            name = key.Name,
                                            kind = Caller.RoleOf(key.Kind),
                                            created = key.Created,
                                            rotated = key.Rotated,
                                            expires = key.Expires,
                                            lastUsed = key.LastUsed,
                                        }
                                    )
                                );
                            }

                            return;
                        }

                        await output.WriteLineAsync(Row("NAME", "KIND", "CREATED", "LAST USED", "EXPIRES"));
                        foreach (var key in keys)
                        {
                            await output.WriteLineAsync(
                                Row(
                                    PlainText.Safe(key.Name),
                                    Caller.RoleOf(key.Kind),
                                    Time(key.Created),
                                    Time(key.LastUsed),
                                    key.Expires is null ? "never" : Time(key.Expires)
                                )
                            );
                        }
                    }
                )
        );
        return command;
    }

    private static Command Rotate()
    {
        var name = Name();
        var keepOld = new Option<TimeSpan?>("--keep-old")
        {
            Description = "How long the old secret stays valid, such as 1d. Without it, it ends at once.",
            HelpName = "DURATION",
            CustomParser = static result => DurationValue.Parse(result),
        };
        var command = new Command("rotate", "Give a key a new secret. Logins with the old one end.")
        {
            name,
            keepOld,
            CommonOptions.KeyFile,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result,
                    async (file, output) =>
                    {
                        var now = TimeProvider.System.GetUtcNow();
                        AccessKey? rotated = null;
                        var secret = "";
                        await file.UpdateAsync(
                            keys =>
                            {
                                var key = Find(keys, result.GetValue(name)!, file);
                                secret = KeySecret.Create(key.Id);
                                rotated = key with
                                {
                                    Hash = KeySecret.Hash(secret),
                                    Rotated = now,
                                    OldHash = result.GetValue(keepOld) is null ? null : key.Hash,
                                    OldUntil = now + result.GetValue(keepOld),
                                };
                                return keys.Replace(key, rotated);
                            },
                            cancellation
                        );
                        await ShowSecretAsync(output, rotated!, secret, site: null);
                    }
                )
        );
        return command;
    }

    private static Command Revoke()
    {
        var name = Name();
        var command = new Command("revoke", "Delete a key. A running DhtTracer refuses it within a second.")
        {
            name,
            CommonOptions.KeyFile,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result,
                    async (file, output) =>
                    {
                        await file.UpdateAsync(keys => keys.Remove(Find(keys, result.GetValue(name)!, file)), cancellation);
                        await output.WriteLineAsync($"The key '{PlainText.Safe(result.GetValue(name))}' is revoked.");
                    }
                )
        );
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "Name of the key." };

    private static AccessKey Find(IEnumerable<AccessKey> keys, string name, KeyFile file) =>
        keys.FirstOrDefault(key => key.Name == name)
        ?? throw new CommandFailedException($"{file.Path} has no key '{name}'. 'dht-tracer keys list' shows the names.");

    private static async Task ShowSecretAsync(TextWriter output, AccessKey key, string secret, Uri? site)
    {
        await output.WriteLineAsync($"Key '{key.Name}' ({Caller.RoleOf(key.Kind)}). It is shown this once:");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  {secret}");
        await output.WriteLineAsync();
        if (key.Kind == KeyKind.Ingest)
        {
            await output.WriteLineAsync("For OpenTelemetry exporters:");
            await output.WriteLineAsync();
            await output.WriteLineAsync($"  OTEL_EXPORTER_OTLP_HEADERS=x-api-key={secret}");
            return;
        }

        await output.WriteLineAsync("Log in once with this link, or type the key at /login:");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  {(site ?? new Uri("http://127.0.0.1:5080")).ToString().TrimEnd('/')}/login?token={secret}");
        await output.WriteLineAsync();
        await output.WriteLineAsync("For programs:");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  Authorization: Bearer {secret}");
    }

    private static string Row(string name, string kind, string created, string used, string expires) =>
        $"{name, -24}  {kind, -8}  {created, -16}  {used, -16}  {expires}";

    private static string Time(DateTimeOffset? time) =>
        time is { } known ? known.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : "–";

    private static Task<int> RunAsync(ParseResult result, Func<KeyFile, TextWriter, Task> run) =>
        Failures.GuardAsync(
            result,
            async () =>
            {
                var path = AccessDecision.PathOf(result.DataDirectory(), result.GetValue(CommonOptions.KeyFile));
                await run(new KeyFile(path), result.InvocationConfiguration.Output);
                return ExitCode.Success;
            }
        );
}
