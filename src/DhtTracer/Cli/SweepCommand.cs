using System.CommandLine;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Sweeps;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer sweep</c>: a Kubo's provide sweep as a table of regions, or as JSON.</summary>
internal static class SweepCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var node = new Option<string?>("--node")
        {
            Description = "service.instance.id of the node, else its service.name; the one with the newest facts when absent.",
            HelpName = "NODE",
        };
        var key = new Option<string?>("--key") { Description = "A CID or multihash: when it had its turns.", HelpName = "KEY" };
        var from = Time("--from", "From this time on, UTC; 24 hours before the end when absent.");
        var to = Time("--to", "Until this time, UTC; the last fact when absent.");
        var interval = new Option<string?>("--interval")
        {
            Description = "The interval of reprovides, such as 22h, if neither the daemon nor the timetable tells it.",
            HelpName = "DURATION",
        };
        interval.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not { } text || (DurationInput.TryParse(text, out var ns) && ns > 0),
                "--interval takes a duration, such as 22h, 6m or 90s."
            )
        );
        var json = CommonOptions.Json();
        var command = new Command(
            "sweep",
            "Show a Kubo's provide sweep: which region had its turn when, and what was late, failed or never."
        )
        {
            node,
            key,
            from,
            to,
            interval,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                        RunAsync(
                            result.DataDirectory(),
                            new SweepQuestion
                            {
                                Node = result.GetValue(node),
                                FromUnixNano = TimeOf(result.GetValue(from)),
                                ToUnixNano = TimeOf(result.GetValue(to)),
                                IntervalNs = result.GetValue(interval) is { } text && DurationInput.TryParse(text, out var ns) ? ns : null,
                            },
                            KeyOf(result.GetValue(key)),
                            result.GetValue(json),
                            result.InvocationConfiguration.Output,
                            cancellation
                        )
                )
        );
        return command;
    }

    /// <summary>Writes the report as text.</summary>
    internal static string Text(SweepAnswer answer, ReadOnlyMemory<byte>? key)
    {
        var report = answer.Report;
        var text = new StringBuilder();
        void Line(string line) => text.Append(line.TrimEnd()).Append('\n');
        Line($"Node {report.Node ?? answer.Chosen?.Name}, {UtcText.Of(report.StartUnixNano)} to {UtcText.Of(report.EndUnixNano)}");
        Line(
            $"{report.Marks} turns of {report.Keys} keys, {report.Lookups} lookups, {report.LogLines} lines of the log, "
                + $"{answer.LookupsRead} lookups of these keys"
        );
        Line($"Interval {DurationText.Of(report.Interval?.Ns)}");
        if (answer.HasOlder)
        {
            Line($"Older facts of this time are left out: there are more than {SweepReader.MostFacts}.");
        }

        foreach (var sentence in report.Contradictions)
        {
            Line($"! {sentence}");
        }

        foreach (var part in report.Silent)
        {
            Line($"! No peer of {part.Prefix} answered ({part.Tried} tried); {part.Keys} keys are there.");
        }

        foreach (var part in report.Forgetting)
        {
            Line(
                $"! No lookup found a record at {part.Peers} peers of {part.Prefix} ({part.Answers} answers); {part.Keys} keys are there."
            );
        }

        Line("");
        Line($"{"REGION", -16} {"KEYS", 6} {"TURNS", 6} {"LAST TURN (UTC)", -24} {"TOOK", 8} {"GAP", 8} {"SENT TO", 9}  STATE");
        foreach (var region in report.Regions)
        {
            var last = region.Turns[^1];
            var sent = last.Visit.Sends is [.., { Peers: { } peers, Errors: { } errors }]
                ? string.Create(CultureInfo.InvariantCulture, $"{peers - errors}/{peers}")
                : DurationText.Unknown;
            var keys = region.Keys?.ToString(CultureInfo.InvariantCulture) ?? DurationText.Unknown;
            var state =
                region.IsFailed == true ? "not sent"
                : region.IsOverdue == true ? "overdue"
                : region.IsLate == true ? "was late"
                : "";
            Line(
                $"{Name(region.Prefix), -16} {keys, 6} {region.Turns.Length, 6} {UtcText.Of(last.Visit.StartUnixNano), -24} "
                    + $"{DurationText.Of(last.Batch.DurationNs), 8} {DurationText.Of(region.LongestGapNs), 8} {sent, 9}  {state}"
            );
        }

        foreach (var prefix in report.Never)
        {
            Line($"{Name(prefix), -16} never in this time");
        }

        if (key is { } known)
        {
            var turns = report.TurnsOf(known.Span);
            Line("");
            Line($"The key had {turns.Length} turns in this time.");
            foreach (var turn in turns)
            {
                Line($"  {UtcText.Of(turn.UnixNano)}  {(turn.Region is { } region ? "region " + Name(region) : "alone")}");
            }
        }

        return text.ToString();
    }

    private static async Task<int> RunAsync(
        string data,
        SweepQuestion question,
        ReadOnlyMemory<byte>? key,
        bool json,
        TextWriter output,
        CancellationToken cancellation
    )
    {
        await using var store = await Archive.OpenForReadingAsync(data, cancellation);
        var answer = await SweepReader.ReadAsync(store, question, cancellation);
        if (answer.Chosen is null)
        {
            throw new CommandFailedException(
                answer.Nodes.IsEmpty
                    ? "There is no provide sweep in the archive. Send a Kubo's spans here, or run 'dht-tracer kubo watch'."
                    : $"No node '{question.Node}' has left a sweep. There are: "
                        + $"{string.Join(", ", answer.Nodes.Take(10).Select(n => n.Name))}."
            );
        }

        if (json)
        {
            await output.WriteLineAsync(Encoding.UTF8.GetString(SweepJson.ToUtf8(answer.Report, key)));
            return ExitCode.Success;
        }

        foreach (var line in Text(answer, key).TrimEnd('\n').Split('\n'))
        {
            await output.WriteLineAsync(PlainText.Safe(line));
        }

        return ExitCode.Success;
    }

    private static string Name(KeyPrefix prefix) => prefix.Length == 0 ? "everything" : prefix.ToString();

    private static Option<string?> Time(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "TIME" };
        option.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not { } text || TimeInput.TryParse(text, out _),
                $"{name} takes a time, such as 2026-11-30T05:33."
            )
        );
        return option;
    }

    private static ulong? TimeOf(string? text) => text is not null && TimeInput.TryParse(text, out var time) ? time : null;

    private static ReadOnlyMemory<byte>? KeyOf(string? text) =>
        text is null ? null
        : KeySearch.Parse(text).Candidates is [var first, ..] ? Convert.FromHexString(first.Bytes)
        : throw new CommandFailedException($"'{text}' is no CID and no multihash.", ExitCode.Usage);
}
