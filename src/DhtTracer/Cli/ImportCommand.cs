using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Files;
using DhtTracer.Output;
using Spectre.Console;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer import PATH...</c>: imports files and folders into the database.</summary>
internal static class ImportCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files, folders, or - for standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        var keepGoing = new Option<bool>("--keep-going")
        {
            Description = "Import what can be read and list the rest, instead of importing nothing.",
        };
        var hints = new ImportHintOptions();
        var json = CommonOptions.Json();
        var command = new Command(
            "import",
            "Import traces: OTLP JSON or protobuf, files of Kubo's file exporter (Go stdouttrace), query events of a Kubo "
                + "(ipfs routing findprovs -v --enc=json), logs of a Kubo's provide sweep, logs of rust-libp2p and litep2p, "
                + "Jaeger JSON v1 or v3, Jaeger Thrift, Zipkin JSON, event logs of 2019, IPFS Request Traces; each also gzipped. "
                + "The format is recognised by content."
        )
        {
            paths,
            keepGoing,
            json,
        };
        hints.AddTo(command);
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                        RunAsync(
                            result.DataDirectory(),
                            result.GetValue(paths)!,
                            new ImportOptions { KeepGoing = result.GetValue(keepGoing), Hints = hints.Read(result) },
                            result.GetValue(json),
                            result.InvocationConfiguration,
                            cancellation
                        )
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string data,
        string[] paths,
        ImportOptions options,
        bool json,
        InvocationConfiguration invocation,
        CancellationToken cancellation
    )
    {
        await using var input = paths.Contains(ImportFile.StandardInput) ? await SpoolAsync(cancellation) : null;
        await using var session = await WritingSession.OpenAsync(data, cancellation);
        try
        {
            var summary = await WithProgressAsync(
                progress => new FileImporter(session.Store).ImportAsync(paths, options, input, progress, cancellation),
                session.Worker,
                cancellation
            );
            if (summary.Files == 0)
            {
                await ReportSkippedAsync(summary, invocation);
                throw new CommandFailedException($"There are no traces in {string.Join(", ", paths)}: nothing was imported.");
            }

            var queries = await session.Store.CountQueriesAsync(summary.Traces, cancellation);
            await ReportAsync(summary, queries, json, session.Store.Location, invocation);
            return summary.Skipped.Any(skip => skip.IsError) ? ExitCode.Failure : ExitCode.Success;
        }
        catch (ImportException nothing)
        {
            foreach (var problem in nothing.Problems)
            {
                await invocation.Error.WriteLineAsync($"dht-tracer: {PlainText.Safe(problem.File)}: {PlainText.Safe(problem.Problem)}");
            }

            throw new CommandFailedException("Nothing was imported. --keep-going imports what can be read.");
        }
    }

    private static async Task ReportSkippedAsync(ImportSummary summary, InvocationConfiguration invocation)
    {
        foreach (var skip in summary.Skipped)
        {
            await invocation.Error.WriteLineAsync(
                $"{(skip.IsError ? "not imported" : "skipped")}: {PlainText.Safe(skip.File)}: {PlainText.Safe(skip.Problem)}"
            );
        }
    }

    private static async Task ReportAsync(ImportSummary summary, long queries, bool json, string file, InvocationConfiguration invocation)
    {
        await ReportSkippedAsync(summary, invocation);
        if (json)
        {
            await invocation.Output.WriteLineAsync(
                System.Text.Json.JsonSerializer.Serialize(
                    new
                    {
                        files = summary.Files,
                        spans = summary.Spans,
                        duplicateSpans = summary.Duplicates,
                        traces = summary.Traces.Count,
                        queries,
                        skipped = summary.Skipped.Select(skip => new
                        {
                            file = skip.File,
                            problem = skip.Problem,
                            isError = skip.IsError,
                        }),
                    }
                )
            );
            return;
        }

        await invocation.Output.WriteLineAsync(
            $"{Count(summary.Files, "file")}: {Count(summary.Spans, "span")} ({summary.Duplicates} of them already there), "
                + $"{Count(summary.Traces.Count, "trace")}, "
                + $"{Count(queries, "query", "queries")}, {summary.Skipped.Count} skipped. In {file}"
        );
    }

    private static string Count(long count, string one, string? many = null) => $"{count} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>Imports and analyses, each with a progress bar, because analysis takes longer than the import.</summary>
    private static async Task<ImportSummary> WithProgressAsync(
        Func<IProgress<ImportProgress>?, Task<ImportSummary>> import,
        AnalysisWorker worker,
        CancellationToken cancellation
    )
    {
        if (Console.IsErrorRedirected)
        {
            var imported = await import(null);
            await worker.DrainAsync(cancellation);
            return imported;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("Reading");
                var analysing = context.AddTask("Analysing", autoStart: false);
                var summary = await import(
                    new DirectProgress<ImportProgress>(step =>
                    {
                        bar.MaxValue = Math.Max(1, step.BytesTotal ?? 1);
                        bar.IsIndeterminate = step.BytesTotal is null;
                        bar.Value = step.BytesRead;
                        bar.Description = Markup.Escape(
                            $"{(step.Writing ? "Writing" : "Reading")} {step.FileNumber}/{step.Files} "
                                + $"{PlainText.End(PlainText.Safe(Path.GetFileName(step.File)), 40)} · {step.Spans} spans"
                        );
                    })
                );
                analysing.MaxValue = Math.Max(1, summary.Traces.Count);
                analysing.StartTask();
                var draining = worker.DrainAsync(cancellation);
                while (await Task.WhenAny(draining, Task.Delay(100, cancellation)) != draining)
                {
                    analysing.Value = Math.Max(0, summary.Traces.Count - worker.PendingCount);
                    analysing.Description = $"Analysing {Count(summary.Traces.Count, "trace")}";
                }

                await draining;
                analysing.Value = analysing.MaxValue;
                return summary;
            });
    }

    /// <summary>Large standard input is read twice, so it is saved to a file that is deleted on close.</summary>
    private static async Task<FileStream> SpoolAsync(CancellationToken cancellation)
    {
        var spool = TemporaryFile.Create();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(spool, cancellation);
        spool.Position = 0;
        return spool;
    }
}
