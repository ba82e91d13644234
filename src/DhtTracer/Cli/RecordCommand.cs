using System.CommandLine;
using System.Text;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Records;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer record KEY</c>: the life of one record as text or JSON.</summary>
internal static class RecordCommand
{
    private const int MostRows = 30;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var key = new Argument<string>("KEY") { Description = "CID, multihash or /ipns/ name, in any encoding." };
        var json = CommonOptions.Json();
        var expiry = new Option<TimeSpan?>("--expiry")
        {
            Description = "How long servers of this network keep a record. [default: 48h, as on the public IPFS network]",
            HelpName = "DURATION",
            CustomParser = static result => DurationValue.Parse(result),
        };
        var command = new Command(
            "record",
            "Show the life of one record: when it was published, who held it at each lookup, and what is wrong with it."
        )
        {
            key,
            json,
            expiry,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var times = result.GetValue(expiry) is { } kept ? RecordTimes.Living(kept.Ticks * 100) : RecordTimes.Amino;
                        var life =
                            await RecordReading.ReadAsync(store, result.GetValue(key)!, times, cancellation)
                            ?? throw new CommandFailedException(
                                $"No operation in {store.Location} published or looked up '{result.GetValue(key)}': "
                                    + "'dht-tracer operations' lists what is there."
                            );
                        var output = result.InvocationConfiguration.Output;
                        if (result.GetValue(json))
                        {
                            await output.WriteLineAsync(Encoding.UTF8.GetString(RecordLifeJson.ToUtf8(life)));
                        }
                        else
                        {
                            Write(output, Terminal.Detect(), life);
                        }

                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static void Write(TextWriter output, Terminal terminal, RecordLife life)
    {
        void Line(string text) => output.WriteLine(PlainText.End(PlainText.Safe(text), terminal.Width));
        output.WriteLine(terminal.Style($"{RecordText.Of(life.Kind)} {PlainText.Safe(life.Key.Text)}", TextStyle.Bold));
        var holders = life.LastCounted is { } counted ? RecordText.Holders(counted) : DurationText.Unknown;
        Line(
            $"{Counted(life.Publications.Length, "publication")} · {Counted(life.Lookups.Length, "lookup")}"
                + $"{(life.HasOlder ? ", older ones not read" : "")} · holders {holders} · runs out {RunsOut(life)}"
        );
        if (life.Value is { } value)
        {
            Line($"{value.Value} · sequence {value.Sequence}");
        }

        foreach (var alarm in life.Alarms)
        {
            Line($"! {RecordText.Of(alarm.Kind)}: {alarm.Text} ({Words.Of(alarm.Certainty)})");
        }

        foreach (var (_, text) in Events(life).OrderBy(static item => item.Time).TakeLast(MostRows))
        {
            Line(text);
        }
    }

    private static IEnumerable<(ulong Time, string Text)> Events(RecordLife life)
    {
        foreach (var published in life.Publications)
        {
            yield return (
                published.StartUnixNano,
                $"{UtcText.Of(published.StartUnixNano)}  published  sent to {published.SentTo.Length}, by "
                    + $"{published.Node ?? published.Service ?? "?"}"
            );
        }

        foreach (var lookup in life.Lookups)
        {
            var byLooker = lookup.HoldersByLooker > 0 ? $", {lookup.HoldersByLooker} only by a looker" : "";
            var expired = lookup.Expired == true ? ", expired" : "";
            yield return (
                lookup.Sighting.StartUnixNano,
                $"{UtcText.Of(lookup.Sighting.StartUnixNano)}  looked up  holders {RecordText.Holders(lookup)}{byLooker}{expired}"
            );
        }

        foreach (var change in life.Changes)
        {
            yield return (change.ToUnixNano - 1, $"{UtcText.Of(change.ToUnixNano)}  before it  {RecordText.Of(change)} (computed)");
        }
    }

    private static string RunsOut(RecordLife life) =>
        life.RunsOut is { } end ? $"{UtcText.Of(end.UnixNano)} ({Words.Of(end.Certainty)})" : DurationText.Unknown;
}
