using DhtTracer.Storage.Upkeep;
using Spectre.Console;

namespace DhtTracer.Cli.Upkeep;

/// <summary>Shows long upkeep as a bar on standard error, if that is a terminal.</summary>
internal static class UpkeepDisplay
{
    /// <summary>Runs the work with a receiver for its progress; null if nobody would see it.</summary>
    public static async Task<T> RunAsync<T>(Func<IProgress<UpkeepProgress>?, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
        {
            return await work(null);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console
            .Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn(),
                new SpinnerColumn()
            )
            .StartAsync(async context =>
            {
                var bar = context.AddTask("Starting");
                return await work(
                    new DirectProgress<UpkeepProgress>(step =>
                    {
                        bar.Description = Markup.Escape(step.Step);
                        bar.IsIndeterminate = step.Total == 0;
                        bar.MaxValue = Math.Max(1, step.Total);
                        bar.Value = Math.Min(step.Done, Math.Max(1, step.Total));
                    })
                );
            });
    }
}
