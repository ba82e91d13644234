using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>
/// A query in the Trace Event Format for chrome://tracing and Perfetto: one track for the query and one for each peer. Times are
/// microseconds after the query's start, with nanoseconds as decimals. Bars of one track must not overlap. So a peer that was asked twice
/// at once has a second track with the same name.
/// </summary>
public static class ChromeTraceExport
{
    private const int ProcessId = 1;

    /// <summary>The trace as UTF-8 JSON.</summary>
    public static byte[] ToUtf8(Query query)
    {
        var waterfall = Waterfall.Of(query);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("displayTimeUnit", "ns");
            json.WriteStartObject("otherData");
            json.WriteString("query", query.Id.ToString());
            json.WriteString("startUnixNano", query.StartUnixNano.ToString(CultureInfo.InvariantCulture));
            json.WriteString("source", Words.Of(query.Source));
            json.WriteEndObject();
            json.WriteStartArray("traceEvents");
            WriteName(json, "process_name", 0, $"{Words.Shown(query.Type)} {query.Key?.Text ?? "key unknown"}");
            WriteName(json, "thread_name", 0, "query");
            WriteSpan(
                json,
                0,
                Words.Shown(query.Type),
                "query",
                0,
                query.DurationNs ?? waterfall.AxisNs,
                Words.Of(query.Outcome),
                query.Error
            );
            var track = 1;
            for (var i = 0; i < waterfall.Rows.Length; i++)
            {
                foreach (var bars in Tracks(waterfall.Rows[i].Segments))
                {
                    WriteRow(json, track++, i + 1, waterfall.Rows[i], bars);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // At least one track, so that a peer without bars still shows its name.
    private static List<List<RowSegment>> Tracks(IEnumerable<RowSegment> bars)
    {
        List<List<RowSegment>> tracks =
        [
            [],
        ];
        foreach (var bar in bars.OrderBy(static bar => bar.StartNs).ThenBy(static bar => bar.EndNs))
        {
            if (tracks.Find(track => track.Count == 0 || track[^1].EndNs <= bar.StartNs) is not { } free)
            {
                tracks.Add(free = []);
            }

            free.Add(bar);
        }

        return tracks;
    }

    private static void WriteRow(Utf8JsonWriter json, int track, int place, WaterfallRow row, IEnumerable<RowSegment> bars)
    {
        WriteName(json, "thread_name", track, row.Peer.Id);
        json.WriteStartObject();
        json.WriteString("name", "thread_sort_index");
        json.WriteString("ph", "M");
        json.WriteNumber("pid", ProcessId);
        json.WriteNumber("tid", track);
        json.WriteStartObject("args");
        json.WriteNumber("sort_index", place);
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (var bar in bars)
        {
            var name = bar.Message is { } message ? Words.Of(message) : bar.Phase.ToString().ToLowerInvariant();
            WriteSpan(
                json,
                track,
                name,
                bar.Phase.ToString().ToLowerInvariant(),
                bar.StartNs,
                bar.EndNs - bar.StartNs,
                row.Label,
                bar.Error
            );
        }
    }

    private static void WriteName(Utf8JsonWriter json, string what, int track, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", what);
        json.WriteString("ph", "M");
        json.WriteNumber("pid", ProcessId);
        json.WriteNumber("tid", track);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSpan(
        Utf8JsonWriter json,
        int track,
        string name,
        string category,
        long startNs,
        long durationNs,
        string label,
        TraceError? error
    )
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("cat", category);
        json.WriteString("ph", "X");
        json.WriteNumber("pid", ProcessId);
        json.WriteNumber("tid", track);
        json.WriteNumber("ts", startNs / 1_000m);
        json.WriteNumber("dur", durationNs / 1_000m);
        json.WriteStartObject("args");
        json.WriteString("label", label);
        if (error is not null)
        {
            json.WriteString("error", error.Class);
            json.WriteString("text", error.Text);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
