using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Analysis.Json;

/// <summary>
/// The life of a record as JSON, by the contract of <see cref="QueryJson"/>. Times end in <c>UnixNano</c>: decimal strings, in nanoseconds
/// since 1970-01-01 UTC.
/// </summary>
public static class RecordLifeJson
{
    /// <summary>Writes a life.</summary>
    public static void Write(Utf8JsonWriter json, RecordLife life)
    {
        json.WriteStartObject();
        QueryJson.WriteKey(json, life.Key);
        json.WriteString("kind", Words.Of(life.Kind));
        json.TimeOrNull("asOfUnixNano", life.AsOfUnixNano);
        Write(json, "value", life.Value);
        if (life.RunsOut is { } end)
        {
            json.WriteStartObject("runsOut");
            json.TimeOrNull("unixNano", end.UnixNano);
            json.WriteString("certainty", Words.Of(end.Certainty));
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("runsOut");
        }

        json.WriteBoolean("hasOlder", life.HasOlder);
        json.List("alarms", life.Alarms, Write);
        json.List("publications", life.Publications, WritePublication);
        json.List("lookups", life.Lookups, Write);
        json.List("changes", life.Changes, Write);
        json.WriteEndObject();
    }

    /// <summary>A life, as UTF-8 on one line.</summary>
    public static byte[] ToUtf8(RecordLife life)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            Write(json, life);
        }

        return buffer.ToArray();
    }

    /// <summary>An alarm.</summary>
    public static void Write(Utf8JsonWriter json, RecordAlarm alarm)
    {
        json.WriteStartObject();
        json.WriteString("kind", Words.Of(alarm.Kind));
        json.WriteString("certainty", Words.Of(alarm.Certainty));
        json.TimeOrNull("sinceUnixNano", alarm.SinceUnixNano);
        json.WriteString("text", alarm.Text);
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, string name, IpnsValue? value)
    {
        if (value is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("value", value.Value);
        json.WriteString("sequence", value.Sequence.ToString(CultureInfo.InvariantCulture));
        json.TimeOrNull("endOfLifeUnixNano", value.EndOfLifeUnixNano);
        json.WriteEndObject();
    }

    internal static IpnsValue Read(JsonElement json) =>
        new(
            QueryJsonReader.Text(json, "value"),
            Number(json, "sequence") ?? throw QueryJsonReader.Bad("sequence", "a decimal string"),
            Number(json, "endOfLifeUnixNano")
        );

    private static void WriteOperation(Utf8JsonWriter json, RecordSighting sighting)
    {
        json.WriteString("operationId", sighting.Operation.ToString());
        json.TimeOrNull("startUnixNano", sighting.StartUnixNano);
        json.NumberOrNull("durationNs", sighting.DurationNs);
        json.WriteString("outcome", sighting.Outcome == QueryOutcome.Unknown ? null : Words.Of(sighting.Outcome));
        json.WriteString("node", sighting.Node);
        json.WriteString("service", sighting.Service);
        json.WriteBoolean("background", sighting.Background);
    }

    private static void WritePublication(Utf8JsonWriter json, RecordSighting sighting)
    {
        json.WriteStartObject();
        WriteOperation(json, sighting);
        QueryJson.WriteTexts(json, "sentTo", sighting.SentTo);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RecordLookup lookup)
    {
        json.WriteStartObject();
        WriteOperation(json, lookup.Sighting);
        json.NumberOrNull("answered", lookup.Sighting.Answered);
        QueryJson.WriteTexts(json, "holders", lookup.Sighting.Holders);
        json.WriteBoolean("complete", lookup.Sighting.Complete);
        json.NumberOrNull("holdersByLooker", lookup.HoldersByLooker);
        json.WriteNumber("corrections", lookup.Corrections);
        if (lookup.Expired is { } expired)
        {
            json.WriteBoolean("expired", expired);
        }
        else
        {
            json.WriteNull("expired");
        }

        json.WriteStartArray("values");
        foreach (var value in lookup.Sighting.Values)
        {
            json.WriteStartObject();
            Write(json, "ipns", value.Ipns);
            json.WriteNumber("holders", value.Holders);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RecordChange change)
    {
        json.WriteStartObject();
        json.WriteString("kind", Words.Of(change.Kind));
        json.WriteString("certainty", Words.Of(RecordCertainty.Computed));
        json.TimeOrNull("fromUnixNano", change.FromUnixNano);
        json.TimeOrNull("toUnixNano", change.ToUnixNano);
        json.NumberOrNull("movedNs", change.MovedNs);
        json.WriteEndObject();
    }

    private static ulong? Number(JsonElement json, string name) =>
        QueryJsonReader.OptionalText(json, name) is not { } text ? null
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw QueryJsonReader.Bad(name, "a decimal string");
}
