using System.Buffers;
using System.Globalization;
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
            Time(json, "firstUnixNano", report.StartUnixNano);
            Time(json, "lastUnixNano", report.EndUnixNano);
            json.WriteNumber("keys", report.Keys);
            json.WriteNumber("turnsOfKeys", report.Marks);
            json.WriteNumber("lookups", report.Lookups);
            json.WriteNumber("logLines", report.LogLines);
            Interval(json, report.Interval);
            Status(json, report.Status);
            List(json, "contradictions", report.Contradictions, static (json, text) => json.WriteStringValue(text));
            List(json, "regions", report.Regions, Region);
            List(json, "never", report.Never, static (json, prefix) => json.WriteStringValue(prefix.ToString()));
            List(json, "silent", report.Silent, Silent);
            List(json, "forgetting", report.Forgetting, Forgetting);
            List(json, "batches", report.Batches, Batch);
            List(json, "alone", report.Singles, Single);
            List(json, "warnings", report.Warnings, Warning);
            if (key is { } bytesOfKey)
            {
                List(json, "turns", report.TurnsOf(bytesOfKey.Span), Turn);
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
        Time(json, "unixNano", status.UnixNano);
        QueryJson.WriteNumber(json, "keys", status.Keys);
        QueryJson.WriteNumber(json, "regions", status.Regions);
        QueryJson.WriteNumber(json, "waitingRegions", status.WaitingRegions);
        QueryJson.WriteNumber(json, "waitingKeys", status.WaitingKeys);
        QueryJson.WriteNumber(json, "keysProvided", status.KeysProvided);
        QueryJson.WriteNumber(json, "keysFailed", status.KeysFailed);
        if (status.AverageHolders is { } holders && double.IsFinite(holders))
        {
            json.WriteNumber("averageHolders", holders);
        }
        else
        {
            json.WriteNull("averageHolders");
        }

        Flag(json, "covered", status.IsCovered);
        json.WriteString("connectivity", status.Connectivity);
        json.WriteString("next", status.Next?.ToString());
        Time(json, "nextUnixNano", status.NextUnixNano);
        json.WriteEndObject();
    }

    private static void Region(Utf8JsonWriter json, SweepRegion region)
    {
        json.WriteStartObject();
        json.WriteString("prefix", region.Prefix.ToString());
        QueryJson.WriteNumber(json, "keys", region.Keys);
        json.WriteNumber("turns", region.Turns.Length);
        Time(json, "lastTurnUnixNano", region.Turns[^1].Visit.StartUnixNano);
        QueryJson.WriteNumber(json, "lastTookNs", region.Turns[^1].Batch.DurationNs);
        QueryJson.WriteNumber(json, "longestGapNs", region.LongestGapNs);
        json.WriteNumber("sinceLastNs", region.SinceLastNs);
        Flag(json, "late", region.IsLate);
        Flag(json, "overdue", region.IsOverdue);
        Flag(json, "failed", region.IsFailed);
        QueryJson.WriteNumber(json, "lookupAnswers", region.LookupAnswers);
        QueryJson.WriteNumber(json, "lookupAnswersWithProvider", region.LookupsHeld);
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
        Time(json, "startUnixNano", batch.StartUnixNano);
        QueryJson.WriteNumber(json, "durationNs", batch.DurationNs);
        json.WriteString("firstLookup", batch.FirstLookup?.ToString());
        QueryJson.WriteNumber(json, "lookups", batch.Lookups);
        QueryJson.WriteNumber(json, "peersAnswered", batch.Answered);
        QueryJson.WriteNumber(json, "peersFailed", batch.Failed);
        Flag(json, "reprovide", batch.IsReprovide);
        json.WriteString("failure", batch.Failure);
        List(json, "regions", batch.Visits, Visit);
        json.WriteEndObject();
    }

    private static void Visit(Utf8JsonWriter json, SweepVisit visit)
    {
        json.WriteStartObject();
        json.WriteString("prefix", visit.Prefix.ToString());
        QueryJson.WriteNumber(json, "keys", visit.Keys);
        Time(json, "startUnixNano", visit.StartUnixNano);
        QueryJson.WriteNumber(json, "peersAnswered", visit.Answered);
        QueryJson.WriteNumber(json, "peersFailed", visit.Failed);
        List(json, "sends", visit.Sends, Send);
        json.WriteEndObject();
    }

    private static void Send(Utf8JsonWriter json, SweepSend send)
    {
        json.WriteStartObject();
        Time(json, "unixNano", send.UnixNano);
        QueryJson.WriteNumber(json, "keys", send.Keys);
        QueryJson.WriteNumber(json, "peers", send.Peers);
        QueryJson.WriteNumber(json, "peersWithoutAny", send.Errors);
        QueryJson.WriteNumber(json, "durationNs", send.DurationNs);
        json.WriteString("failure", send.Failure);
        json.WriteEndObject();
    }

    private static void Single(Utf8JsonWriter json, SweepSingle single)
    {
        json.WriteStartObject();
        json.WriteString("key", KeyText(single.Key.AsSpan()));
        Time(json, "startUnixNano", single.StartUnixNano);
        json.WriteNumber("durationNs", single.DurationNs);
        json.WriteString("lookup", single.Lookup.ToString());
        json.WriteNumber("peersAnswered", single.Answered);
        json.WriteNumber("peersFailed", single.Failed);
        json.WriteEndObject();
    }

    private static void Warning(Utf8JsonWriter json, SweepLogEntry line)
    {
        json.WriteStartObject();
        Time(json, "unixNano", line.StartUnixNano);
        json.WriteString("level", line.Level);
        json.WriteString("text", line.Message);
        json.WriteEndObject();
    }

    private static void Turn(Utf8JsonWriter json, SweepTurn turn)
    {
        json.WriteStartObject();
        Time(json, "unixNano", turn.UnixNano);
        json.WriteString("region", turn.Region?.ToString());
        json.WriteString("lookup", (turn.Single?.Lookup ?? turn.Batch?.FirstLookup)?.ToString());
        json.WriteEndObject();
    }

    /// <summary>The key as a CID of raw bytes; its own codec is not in the trace's key. Base16 if it is no multihash.</summary>
    public static string KeyText(ReadOnlySpan<byte> key) =>
        Multihash.TryParse(key, out var multihash) ? Cid.CreateV1(Cid.Raw, multihash).ToString() : "f" + Convert.ToHexStringLower(key);

    private static void List<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    private static void Time(Utf8JsonWriter json, string name, ulong? unixNano)
    {
        if (unixNano is { } known and > 0)
        {
            json.WriteString(name, known.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Flag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
