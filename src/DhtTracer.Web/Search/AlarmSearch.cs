using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage;
using DhtTracer.Storage.Alarms;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Search;

/// <summary>Which alarms: the state of the page Alarms, read by the page and the API alike.</summary>
internal sealed class AlarmSearch
{
    /// <summary>Alarms in one answer.</summary>
    public const int MostListed = 200;

    private static readonly string[] Times = ["from", "to"];

    private AlarmSearch() { }

    /// <summary>What the archive is asked for.</summary>
    public AlarmFilter Filter { get; private init; } = new();

    /// <summary><c>all</c>, <c>open</c> or <c>ended</c>.</summary>
    public string Show { get; private init; } = "all";

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private init; } = TimeRange.All;

    /// <summary>Its times, as they were given.</summary>
    public QueryListAddress Address { get; private init; } = null!;

    /// <summary>What is not valid, each a sentence.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>How the stretch of time is chosen.</summary>
    public TimeRangeChooser Chooser =>
        new(
            "/alarms",
            Range,
            Address,
            [],
            [("show", Show == "all" ? null : Show), ("kind", Filter.Kind is { } kind ? Words.Of(kind) : null)]
        );

    /// <summary>Reads an address.</summary>
    public static AlarmSearch Parse(IQueryCollection query, DateTimeOffset now)
    {
        var problems = new List<string>();
        string? Text(string name) =>
            query[name].ToString().Trim() is { Length: > 0 and <= QueryListAddress.LongestValue } text ? text : null;
        var address = QueryListAddress.Parse(
            Times.Where(name => Text(name) is not null).Select(name => KeyValuePair.Create(name, Text(name)!)),
            now
        );
        problems.AddRange(address.Problems);
        var range = TimeRange.Parse(Text("range"), address, now);
        if (range is null && Text("range") is { } unknown)
        {
            problems.Add(TimeRange.Problem(unknown));
        }

        var show = Text("show") ?? "all";
        if (show is not ("all" or "open" or "ended"))
        {
            problems.Add($"\"{show}\" (show) is not one of all, open, ended.");
        }

        AlarmKind? kind = null;
        if (Text("kind") is { } word)
        {
            if (Words.TryParse<AlarmKind>(word, out var known))
            {
                kind = known;
            }
            else
            {
                problems.Add($"\"{word}\" (kind) is not one of {string.Join(", ", Enum.GetValues<AlarmKind>().Select(Words.Of))}.");
            }
        }

        range ??= TimeRange.All;
        return new AlarmSearch
        {
            Filter = new AlarmFilter
            {
                Id = Text("id"),
                Kind = kind,
                IsOpen = show switch
                {
                    "open" => true,
                    "ended" => false,
                    _ => null,
                },
                FromUnixNano = range.FromUnixNano,
                ToUnixNano = range.ToUnixNano,
            },
            Show = show,
            Range = range,
            Address = address,
            Problems = problems,
        };
    }

    /// <summary>Reads the alarms.</summary>
    public Task<AlarmList> ReadAsync(TraceStore store, CancellationToken cancellationToken) =>
        store.ListAlarmsAsync(Filter, MostListed, cancellationToken);

    /// <summary>The start of the hour that was watched last; null when none was in the last eight days.</summary>
    public static async Task<ulong?> LastWatchedAsync(TraceStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var from = TimeRange.UnixNano(now - TimeSpan.FromDays(8));
        return (await store.ReadWatchAsync(from, cancellationToken)).Hours is [.., var last] ? last.StartUnixNano : null;
    }

    /// <summary>Where to look at an alarm: the hour compared with those before, the query, the network, or the record.</summary>
    public static (string Address, string Title) Evidence(Alarm alarm)
    {
        var (from, to) = (alarm.SinceUnixNano, alarm.SinceUnixNano + HourSums.LengthNs);
        switch (alarm.Kind)
        {
            case AlarmKind.Eclipse when alarm.Raised.Query is { } query:
                return ($"/q/{Uri.EscapeDataString(query)}", "the lookup");
            case AlarmKind.Eclipse or AlarmKind.Density:
                var day = new TimeRange("custom", to - Math.Min(to, 24 * HourSums.LengthNs), to);
                return ("/network" + day.Narrow(QueryListAddress.Parse([])).Parameters(), "the network that day");
            case AlarmKind.Record:
                return ("/records?key=" + Uri.EscapeDataString(alarm.Subject), "the record");
        }

        var hour = from / HourSums.LengthNs % 24;
        var isOfType = AlarmKinds.IsOfOperations(alarm.Kind);
        var subject = new List<KeyValuePair<string, string>>();
        if (isOfType)
        {
            subject.Add(KeyValuePair.Create("type", alarm.Subject));
        }
        else if (alarm.Subject != AgentFamilies.Unknown)
        {
            subject.Add(KeyValuePair.Create("agent", alarm.Subject));
        }

        var present = new TimeRange("custom", from, to).Narrow(QueryListAddress.Parse(subject));
        var before = new TimeRange("custom", from - Math.Min(from, 7 * 24 * HourSums.LengthNs), from).Narrow(
            QueryListAddress.Parse([.. subject, KeyValuePair.Create("q", $"hour:{hour}")])
        );
        return (ComparedSet.Compare(ComparedSet.Of("a", before), ComparedSet.Of("b", present)), "compare");
    }
}
