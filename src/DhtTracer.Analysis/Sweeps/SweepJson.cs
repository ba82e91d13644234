using System.Buffers;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// The report of a sweep as one JSON object. Unknown is null. Points in time are nanoseconds since 1970-01-01 UTC as decimal strings,
/// durations are nanoseconds, prefixes are texts of bits.
/// </summary>
public static class SweepJson
{
    /// <summary>Writes a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="key">The multihash whose turns are listed; null for none.</param>
    public static byte[] ToUtf8(SweepReport report, ReadOnlyMemory<byte>? key = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("node", report.Node);
            json.TimeOrNull("firstUnixNano", Known(report.StartUnixNano));
            json.TimeOrNull("lastUnixNano", Known(report.EndUnixNano));
            json.WriteNumber("keys", report.Keys);
            json.WriteNumber("turnsOfKeys", report.Marks);
            json.WriteNumber("lookups", report.Lookups);
            json.WriteNumber("logLines", report.LogLines);
            Interval(json, report.Interval);
            Status(json, report.Status);
            json.List("contradictions", report.Contradictions, static (json, text) => json.WriteStringValue(text));
            json.List("regions", report.Regions, Region);
            json.List("never", report.Never, static (json, prefix) => json.WriteStringValue(prefix.ToString()));
            json.List("silent", report.Silent, Silent);
            json.List("forgetting", report.Forgetting, Forgetting);
            json.List("batches", report.Batches, Batch);
            json.List("alone", report.Singles, Single);
            json.List("warnings", report.Warnings, Warning);
            if (key is { } bytesOfKey)
            {
                json.List("turns", report.TurnsOf(bytesOfKey.Span), Turn);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Interval(Utf8JsonWriter json, SweepInterval? interval)
    {
        if (interval is null)
        {
            json.WriteNull("interval");
            return;
        }

        json.WriteStartObject("interval");
        json.WriteNumber("ns", interval.Ns);
        json.WriteString(
            "source",
            interval.Source switch
            {
                SweepIntervalSource.Given => "given",
                SweepIntervalSource.Daemon => "daemon",
                _ => "timetable",
            }
        );
        json.WriteEndObject();
    }

    private static void Status(Utf8JsonWriter json, SweepStatus? status)
    {
        if (status is null)
        {
            json.WriteNull("daemonSays");
            return;
        }

        json.WriteStartObject("daemonSays");
        json.TimeOrNull("unixNano", Known(status.UnixNano));
        json.NumberOrNull("keys", status.Keys);
        json.NumberOrNull("regions", status.Regions);
        json.NumberOrNull("waitingRegions", status.WaitingRegions);
        json.NumberOrNull("waitingKeys", status.WaitingKeys);
        json.NumberOrNull("keysProvided", status.KeysProvided);
        json.NumberOrNull("keysFailed", status.KeysFailed);
        if (status.AverageHolders is { } holders && double.IsFinite(holders))
        {
            json.WriteNumber("averageHolders", holders);
        }
        else
        {
            json.WriteNull("averageHolders");
        }

        json.FlagOrNull("covered", status.IsCovered);
        json.WriteString("connectivity", status.Connectivity);
        json.WriteString("next", status.Next?.ToString());
        json.TimeOrNull("nextUnixNano", Known(status.NextUnixNano));
        json.WriteEndObject();
    }

    private static void Region(Utf8JsonWriter json, SweepRegion region)
    {
        json.WriteStartObject();
        json.WriteString("prefix", region.Prefix.ToString());
        json.NumberOrNull("keys", region.Keys);
        json.WriteNumber("turns", region.Turns.Length);
        json.TimeOrNull("lastTurnUnixNano", Known(region.Turns[^1].Visit.StartUnixNano));
        json.NumberOrNull("lastTookNs", region.Turns[^1].Batch.DurationNs);
        json.NumberOrNull("longestGapNs", region.LongestGapNs);
        json.WriteNumber("sinceLastNs", region.SinceLastNs);
        json.FlagOrNull("late", region.IsLate);
        json.FlagOrNull("overdue", region.IsOverdue);
        json.FlagOrNull("failed", region.IsFailed);
        json.NumberOrNull("lookupAnswers", region.LookupAnswers);
        json.NumberOrNull("lookupAnswersWithProvider", region.LookupsHeld);
        json.WriteEndObject();
    }

    private static void Silent(Utf8JsonWriter json, SilentPart part)
    {
        json.WriteStartObject();
        json.WriteString("prefix", part.Prefix.ToString());
        json.WriteNumber("peersTried", part.Tried);
        json.WriteNumber("keys", part.Keys);
        json.WriteEndObject();
    }

    private static void Forgetting(Utf8JsonWriter json, ForgettingPart part)
    {
        json.WriteStartObject();
        json.WriteString("prefix", part.Prefix.ToString());
        json.WriteNumber("peers", part.Peers);
        json.WriteNumber("answers", part.Answers);
        json.WriteNumber("keys", part.Keys);
        json.WriteNumber("keysLookedUp", part.LookedUp);
        json.WriteEndObject();
    }

    private static void Batch(Utf8JsonWriter json, SweepBatch batch)
    {
        json.WriteStartObject();
        json.WriteString("prefix", batch.Prefix.ToString());
        json.TimeOrNull("startUnixNano", Known(batch.StartUnixNano));
        json.NumberOrNull("durationNs", batch.DurationNs);
        json.WriteString("firstLookup", batch.FirstLookup?.ToString());
        json.NumberOrNull("lookups", batch.Lookups);
        json.NumberOrNull("peersAnswered", batch.Answered);
        json.NumberOrNull("peersFailed", batch.Failed);
        json.FlagOrNull("reprovide", batch.IsReprovide);
        json.WriteString("failure", batch.Failure);
        json.List("regions", batch.Visits, Visit);
        json.WriteEndObject();
    }

    private static void Visit(Utf8JsonWriter json, SweepVisit visit)
    {
        json.WriteStartObject();
        json.WriteString("prefix", visit.Prefix.ToString());
        json.NumberOrNull("keys", visit.Keys);
        json.TimeOrNull("startUnixNano", Known(visit.StartUnixNano));
        json.NumberOrNull("peersAnswered", visit.Answered);
        json.NumberOrNull("peersFailed", visit.Failed);
        json.List("sends", visit.Sends, Send);
        json.WriteEndObject();
    }

    private static void Send(Utf8JsonWriter json, SweepSend send)
    {
        json.WriteStartObject();
        json.TimeOrNull("unixNano", Known(send.UnixNano));
        json.NumberOrNull("keys", send.Keys);
        json.NumberOrNull("peers", send.Peers);
        json.NumberOrNull("peersWithoutAny", send.Errors);
        json.NumberOrNull("durationNs", send.DurationNs);
        json.WriteString("failure", send.Failure);
        json.WriteEndObject();
    }

    private static void Single(Utf8JsonWriter json, SweepSingle single)
    {
        json.WriteStartObject();
        json.WriteString("key", KeyText(single.Key.AsSpan()));
        json.TimeOrNull("startUnixNano", Known(single.StartUnixNano));
        json.WriteNumber("durationNs", single.DurationNs);
        json.WriteString("lookup", single.Lookup.ToString());
        json.WriteNumber("peersAnswered", single.Answered);
        json.WriteNumber("peersFailed", single.Failed);
        json.WriteEndObject();
    }

    private static void Warning(Utf8JsonWriter json, SweepLogEntry line)
    {
        json.WriteStartObject();
        json.TimeOrNull("unixNano", Known(line.StartUnixNano));
        json.WriteString("level", line.Level);
        json.WriteString("text", line.Message);
        json.WriteEndObject();
    }

    private static void Turn(Utf8JsonWriter json, SweepTurn turn)
    {
        json.WriteStartObject();
        json.TimeOrNull("unixNano", Known(turn.UnixNano));
        json.WriteString("region", turn.Region?.ToString());
        json.WriteString("lookup", (turn.Single?.Lookup ?? turn.Batch?.FirstLookup)?.ToString());
        json.WriteEndObject();
    }

    /// <summary>The key as a CID of raw bytes; its own codec is not in the trace's key. Base16 if it is no multihash.</summary>
    public static string KeyText(ReadOnlySpan<byte> key) =>
        Multihash.TryParse(key, out var multihash) ? Cid.CreateV1(Cid.Raw, multihash).ToString() : "f" + Convert.ToHexStringLower(key);

    /// <summary>Zero stands for a time that no span and no line tells.</summary>
    private static ulong? Known(ulong? unixNano) => unixNano is 0 ? null : unixNano;
}
