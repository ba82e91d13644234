using System.CommandLine;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Hosting;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Output;
using DhtTracer.Storage.Upkeep;

namespace DhtTracer.Cli.Upkeep;

/// <summary><c>dht-tracer check</c>: whether the archive is sound.</summary>
internal static class CheckCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var quick = new Option<bool>("--quick")
        {
            Description =
                "Only the file, the checksums and the totals. Without it each trace is analysed again and compared with what is stored.",
        };
        var repair = new Option<bool>("--repair") { Description = "Write anew what can be computed from the spans." };
        var json = CommonOptions.Json();
        var command = new Command(
            "check",
            "Check the archive: the file, the checksum of every trace, the totals, and what was found in the spans. Exit code 1 if "
                + "something is wrong."
        )
        {
            quick,
            repair,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var options = new CheckOptions(result.GetValue(quick), result.GetValue(repair));
                        var data = result.DataDirectory();
                        await using var store = await Archive.OpenExistingAsync(data, cancellation);
                        var report = await UpkeepDisplay.RunAsync(async progress =>
                        {
                            var found = await store.Upkeep.CheckAsync(
                                options,
                                static content => TraceAnalyser.Analyse(content, TraceReconstruction.Reconstruct),
                                progress,
                                cancellation
                            );
                            if (found.Findings.Any(static finding => finding.Repaired))
                            {
                                // The analysis of other traces uses what the repair has changed.
                                await using var session = await WritingSession.OpenAsync(data, cancellation);
                                await session.Worker.DrainAsync(cancellation);
                            }

                            return found;
                        });
                        if (result.GetValue(json))
                        {
                            await result.InvocationConfiguration.Output.WriteLineAsync(Json(report));
                        }
                        else
                        {
                            await WriteAsync(report, options, store.Location, result.InvocationConfiguration);
                        }

                        return report.IsSound ? ExitCode.Success : ExitCode.Failure;
                    }
                )
        );
        return command;
    }

    private static async Task WriteAsync(CheckReport report, CheckOptions options, string location, InvocationConfiguration invocation)
    {
        foreach (var finding in report.Findings)
        {
            await invocation.Error.WriteLineAsync($"{(finding.Repaired ? "repaired" : "wrong")}: {PlainText.Safe(finding.Text)}");
        }

        if (report.MoreFindings > 0)
        {
            await invocation.Error.WriteLineAsync($"and {report.MoreFindings} more");
        }

        var compared = options.Quick ? "" : $", {report.Compared} analysed again and compared, {report.Waiting} of them wait for analysis";
        var old = report.WithoutChecksum == 0 ? "" : $", {report.WithoutChecksum} stored without a checksum by an older version";
        await invocation.Output.WriteLineAsync(
            $"{location} is {(report.IsSound ? "sound" : "damaged")}: {report.Traces} traces read{old}{compared}"
        );
        if (!report.IsSound)
        {
            await invocation.Output.WriteLineAsync(Remedy(report, options));
        }
    }

    private static string Remedy(CheckReport report, CheckOptions options)
    {
        var lost = report.Findings.Any(static finding => finding is { Repaired: false, Problem: CheckProblem.File or CheckProblem.Spans });
        return lost ? "Damaged spans cannot be computed: use a backup, or import the traces again."
            : options.Repair ? "Run it again: it lists what is left."
            : "dht-tracer check --repair writes it anew.";
    }

    private static string Json(CheckReport report) =>
        JsonSerializer.Serialize(
            new
            {
                sound = report.IsSound,
                traces = report.Traces,
                withoutChecksum = report.WithoutChecksum,
                compared = report.Compared,
                waiting = report.Waiting,
                findings = report.Findings.Select(static finding => new
                {
                    problem = finding.Problem.ToString().ToLowerInvariant(),
                    text = finding.Text,
                    repaired = finding.Repaired,
                }),
                moreFindings = report.MoreFindings,
            }
        );
}
