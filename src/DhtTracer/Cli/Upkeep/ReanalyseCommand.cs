using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Upkeep;

namespace DhtTracer.Cli.Upkeep;

/// <summary><c>dht-tracer reanalyse</c>: finds the queries of every trace anew.</summary>
internal static class ReanalyseCommand
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var rest = new Option<bool>("--resume") { Description = "Only what an interrupted run has left." };
        var command = new Command(
            "reanalyse",
            "Analyse every trace again. After an upgrade this happens by itself, in the background. When interrupted, the rest is done "
                + "with --resume, or by the next start of DhtTracer."
        )
        {
            rest,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var count = await UpkeepDisplay.RunAsync(progress =>
                            RunAsync(result.DataDirectory(), !result.GetValue(rest), progress, cancellation)
                        );
                        await result.InvocationConfiguration.Output.WriteLineAsync($"{count} {(count == 1 ? "trace" : "traces")} analysed");
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static async Task<long> RunAsync(string data, bool all, IProgress<UpkeepProgress>? progress, CancellationToken cancellation)
    {
        await using (var store = await Archive.OpenExistingAsync(data, cancellation))
        {
            if (all)
            {
                progress?.Report(new UpkeepProgress("Marking", 0, 0));
                await store.Upkeep.MarkForAnalysisAsync(cancellation);
            }
        }

        await using var session = await WritingSession.OpenAsync(data, cancellation);
        var total = (await session.Store.CountsAsync(cancellation)).Traces;
        var draining = session.Worker.DrainAsync(cancellation);
        while (await Task.WhenAny(draining, Task.Delay(ReportInterval, CancellationToken.None)) != draining)
        {
            progress?.Report(new UpkeepProgress("Analysing", session.Worker.AnalysedCount, all ? total : 0));
        }

        await draining;
        return session.Worker.AnalysedCount;
    }
}
