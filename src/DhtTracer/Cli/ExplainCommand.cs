using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Api;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer explain</c>: what the slowest share of a set of operations has in common, or one set against another.</summary>
internal static class ExplainCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var set = new Option<string>("--set")
        {
            Description = "The operations, as a filter such as 'type:get-providers since:24h'; the page /filters lists all conditions.",
            HelpName = "FILTER",
            Required = true,
        };
        var against = new Option<string?>("--against")
        {
            Description = "Explain how the set differs from these. Without it, how the slowest share of the set differs from the rest.",
            HelpName = "FILTER",
        };
        var slowest = new Option<string?>("--slowest")
        {
            Description = "Which share is slow, 1% to 50%, when nothing else is compared with. [default: 10%]",
            HelpName = "PERCENT",
        };
        var json = CommonOptions.Json();
        var command = new Command("explain", "What slow operations share: where their time goes, and what they met more often than others.")
        {
            set,
            against,
            slowest,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var percent = result.GetValue(slowest) is { } text
                            ? SetExplanation.Percent(text)
                                ?? throw new CommandFailedException($"--slowest takes 1% to 50%, not \"{text}\".", ExitCode.Usage)
                            : (int?)null;
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var answer = await SetExplanation.ReadAsync(
                            store,
                            result.GetValue(set)!,
                            result.GetValue(against),
                            percent,
                            result.GetValue(json),
                            TimeProvider.System.GetUtcNow(),
                            cancellation
                        );
                        if (answer.Problem is { } problem)
                        {
                            throw answer.IsFilterWrong
                                ? new CommandFailedException(problem, ExitCode.Usage)
                                : new CommandFailedException(problem);
                        }

                        // Line by line: the ends of lines stay.
                        await result.InvocationConfiguration.Output.WriteLineAsync(
                            string.Join('\n', answer.Text.Split('\n').Select(PlainText.Safe))
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }
}
