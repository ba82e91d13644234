using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Web.Search;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer gate</c>: whether a set of operations is worse than another by more than a limit; for builds.</summary>
internal static class GateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var set = new Option<string>("--set")
        {
            Description = "The operations to test, as a filter such as 'service:new since:1h'; the page /filters lists all conditions.",
            HelpName = "FILTER",
            Required = true,
        };
        var against = new Option<string>("--against")
        {
            Description = "The operations to compare with, as a filter.",
            HelpName = "FILTER",
            Required = true,
        };
        var slowdown = Percent("--max-slowdown", "How much longer the median and the 90th percentile may be.", "10%");
        var drop = Percent("--max-success-drop", "How many percentage points the share of success may fall.", "5%");
        var html = new Option<string?>("--html") { Description = "Also write a report of one HTML file.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new Command(
            "gate",
            "Compare a set of operations with another. Exit code 0 when it is surely not worse than allowed, "
                + $"{ExitCode.GateFailed} when it surely is, {ExitCode.TooFewToTell} when there are too few operations to tell."
        )
        {
            set,
            against,
            slowdown,
            drop,
            html,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var (tested, compared) = (result.GetValue(set)!, result.GetValue(against)!);
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        using var columns = await ReadAsync(store, "--set", tested, cancellation);
                        using var columnsAgainst = await ReadAsync(store, "--against", compared, cancellation);
                        if (OperationColumns.Shared(columns, columnsAgainst) is var shared and > 0)
                        {
                            throw new CommandFailedException(
                                $"The two sets share {shared} operations: make them disjoint, for example by service: or since:.",
                                ExitCode.Usage
                            );
                        }

                        var gate = Gate.Of(
                            columns,
                            columnsAgainst,
                            new GateLimits(result.GetValue(slowdown) ?? 0.1, result.GetValue(drop) ?? 0.05)
                        );
                        if (result.GetValue(html) is { } file)
                        {
                            await WriteAsync(file, GateReport.ToUtf8(gate, tested, compared), cancellation);
                        }

                        await result.InvocationConfiguration.Output.WriteLineAsync(
                            result.GetValue(json) ? Encoding.UTF8.GetString(GateJson.ToUtf8(gate, tested, compared)) : Text(gate)
                        );
                        return gate.Answer switch
                        {
                            GateAnswer.Pass => ExitCode.Success,
                            GateAnswer.Fail => ExitCode.GateFailed,
                            _ => ExitCode.TooFewToTell,
                        };
                    }
                )
        );
        return command;
    }

    private static async Task<OperationColumns> ReadAsync(TraceStore store, string option, string filter, CancellationToken cancellation)
    {
        var address = QueryListAddress.OfText(filter, TimeProvider.System.GetUtcNow());
        if (address.Problems.Count > 0)
        {
            throw new CommandFailedException($"{option}: {string.Join(' ', address.Problems)}", ExitCode.Usage);
        }

        return await store.ReadOperationsAsync(await QueryFilterOptions.ResolveAsync(address, store, cancellation), cancellation);
    }

    private static string Text(Gate gate)
    {
        var lines = new StringBuilder();
        lines
            .Append(CultureInfo.InvariantCulture, $"set {gate.Tested} operations, against {gate.Against}\n")
            .Append("FIGURE        AGAINST     SET         CHANGE       INTERVAL OF THE CHANGE       ALLOWED      ANSWER\n");
        foreach (var figure in gate.Figures)
        {
            lines.Append(
                CultureInfo.InvariantCulture,
                $"{figure.Label, -13} {GateText.Value(figure, figure.Against), -11} {GateText.Value(figure, figure.Tested), -11} "
            );
            lines.Append(CultureInfo.InvariantCulture, $"{GateText.Change(figure, figure.Change), -12} {GateText.Interval(figure), -28} ");
            lines.Append(CultureInfo.InvariantCulture, $"{GateText.Change(figure, figure.Limit), -12} {Words.Of(figure.Answer)}\n");
        }

        return lines.Append(GateText.Sentence(gate)).ToString();
    }

    private static async Task WriteAsync(string file, byte[] bytes, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllBytesAsync(file, bytes, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{file} cannot be written: {failure.Message}", cause: failure);
        }
    }

    private static Option<double?> Percent(string name, string description, string shown) =>
        new(name)
        {
            Description = $"{description} [default: {shown}]",
            HelpName = "PERCENT",
            CustomParser = Parse,
        };

    /// <summary>Reads <c>10%</c> or <c>10</c> as 0.1.</summary>
    private static double? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (
            double.TryParse(text.AsSpan().TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is >= 0 and <= 1000
        )
        {
            return percent / 100;
        }

        result.AddError($"\"{text}\" is no percentage: write 10% or 2.5%.");
        return null;
    }
}
