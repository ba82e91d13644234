using DhtTracer.Jaeger.Pull;
using DhtTracer.Output;
using Spectre.Console;

namespace DhtTracer.Cli;

/// <summary>Shows the progress of a pull on standard error: a bar in a terminal, otherwise an occasional line.</summary>
internal static class PullDisplay
{
    /// <summary>Runs a pull with the display that suits standard error.</summary>
    public static Task<PullProgress> RunAsync(Func<IProgress<PullProgress>, Task<PullProgress>> pull, TimeProvider clock) =>
        Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb"
            ? pull(new DirectProgress<PullProgress>(new PullLines(Console.Error, clock).Show))
            : WithBarAsync(pull);

    /// <summary>Counts, speed and problems, in one line without control characters.</summary>
    public static string Line(PullProgress step)
    {
        var left = step is { Left: { } time, Fraction: < 1 }
            ? $", {(time.TotalDays >= 1 ? $"{time.TotalDays:F0} d" : $"{time:h\\:mm\\:ss}")} left"
            : "";
        var problem = step.Problem is { } text ? $"; trying again: {PlainText.End(PlainText.Safe(text), 200)}" : "";
        return $"{step.Windows} windows, {step.Traces} traces, {step.Spans} spans, {step.SpansPerSecond:F0}/s{left}{problem}";
    }

    private static async Task<PullProgress> WithBarAsync(Func<IProgress<PullProgress>, Task<PullProgress>> pull)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console
            .Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context =>
            {
                var bar = context.AddTask("Pulling", maxValue: 1);
                return pull(
                    new DirectProgress<PullProgress>(step =>
                    {
                        bar.Value = step.Fraction;
                        bar.Description = Markup.Escape(Line(step));
                    })
                );
            });
    }
}

/// <summary>
/// Shows progress as lines: at the first news, whenever a problem appears or ends, and every ten seconds if something is new.
/// </summary>
/// <param name="output">The output for the lines.</param>
/// <param name="clock">The clock for the interval of lines.</param>
internal sealed class PullLines(TextWriter output, TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private long? _last;
    private PullProgress? _shown;

    /// <summary>Shows a step. Not thread-safe.</summary>
    public void Show(PullProgress step)
    {
        var changed = step.Problem is null != _shown?.Problem is null;

        // A following pull reads forever. Write a line only if something is new.
        var idle = step.Fraction >= 1 && step.Spans == _shown?.Spans;
        if (_last is { } time && !changed && (idle || clock.GetElapsedTime(time) < Every))
        {
            return;
        }

        _last = clock.GetTimestamp();
        _shown = step;
        output.WriteLine($"{step.Fraction * 100:F0}% {PullDisplay.Line(step)}");
    }
}
