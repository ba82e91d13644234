using System.CommandLine;
using System.IO.Pipelines;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Export;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer export</c>: writes queries from the database, for other tools and installations.</summary>
internal static class ExportCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "Operations or queries, as in 'show'; all that the options let through when none is given.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var format = new Option<string>("--format", "-f")
        {
            Description = $"As what: {Names(static one => one.Sets)}; of one query also {Names(static one => !one.Sets)}.",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => "otlp-json",
        };
        format.AcceptOnlyFromAmong([.. ExportFormat.All.Select(static one => one.Name)]);
        var file = new Option<string?>("--output", "-o")
        {
            Description = "File to write; standard output when it is not given.",
            HelpName = "FILE",
        };
        var redact = new Option<bool>("--redact")
        {
            Description = "Replace addresses, peer ids, keys and names by pseudonyms; distances and times stay (docs/redaction.md).",
        };
        var secret = new Option<string?>("--redact-secret")
        {
            Description = "Redact with pseudonyms that follow from this text, so that files can be compared; at least 16 characters.",
            HelpName = "TEXT",
        };
        secret.Validators.Add(static result =>
            result.Require(result.Tokens is [{ Value.Length: >= 16 }], "--redact-secret takes at least 16 characters.")
        );
        var filters = new QueryFilterOptions();
        var command = new Command(
            "export",
            "Export queries as IPFS Request Trace, OTLP, Jaeger JSON, CSV, JSON or the formats of 2019, or one query as HTML, HAR, "
                + "Chrome trace or SVG."
        )
        {
            ids,
            format,
            file,
            redact,
            secret,
        };
        filters.AddTo(command);
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var asked = filters.Read(result, TimeProvider.System);
                        var named = result.GetValue(ids) ?? [];
                        var wanted = ExportFormat.Find(result.GetValue(format))!;
                        if (named.Length > 0 && filters.Given(result))
                        {
                            throw new CommandFailedException("Name operations, or filter them: not both.", ExitCode.Usage);
                        }

                        if (!wanted.Sets && named.Length != 1)
                        {
                            throw new CommandFailedException(
                                $"A file of the format {wanted.Name} holds one query: name it.",
                                ExitCode.Usage
                            );
                        }

                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var found = new List<ShowCommand.Shown>();
                        foreach (var id in named)
                        {
                            found.Add(await ShowCommand.FindAsync(store, id, cancellation));
                        }

                        var redactor =
                            result.GetValue(secret) is { } text ? new Redactor(RedactionSecret.Of(text))
                            : result.GetValue(redact) ? new Redactor(RedactionSecret.Random())
                            : null;
                        var selection =
                            named.Length > 0
                                ? ExportSelection.Of([.. found.Select(static item => item.Id).Distinct()])
                                : ExportSelection.Of(await QueryFilterOptions.ResolveAsync(asked, store, cancellation));
                        await WriteAsync(
                            result.GetValue(file),
                            async output =>
                            {
                                if (
                                    found is [{ Single: { } only }]
                                    && await SingleQuery.FileAsync(store, wanted.Kind, only, "/q/", redactor, cancellation) is { } bytes
                                )
                                {
                                    await output.WriteAsync(bytes, cancellation);
                                }
                                else if (
                                    await new ArchiveExporter(store).ExportAsync(
                                        wanted,
                                        selection with
                                        {
                                            Redactor = redactor,
                                        },
                                        output,
                                        cancellation
                                    ) == 0
                                )
                                {
                                    throw new CommandFailedException("No operation matches: nothing was exported.");
                                }
                            }
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static string Names(Func<ExportFormat, bool> which) =>
        string.Join(", ", ExportFormat.All.Where(which).Select(static format => format.Name));

    private static async Task WriteAsync(string? file, Func<PipeWriter, Task> write)
    {
        try
        {
            await using Stream stream = file is null
                ? Console.OpenStandardOutput()
                : new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read);
            var output = PipeWriter.Create(stream);
            await write(output);
            await output.CompleteAsync();
        }
        catch (Exception failure) when (file is not null && failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{file} cannot be written: {failure.Message}", cause: failure);
        }
    }
}
