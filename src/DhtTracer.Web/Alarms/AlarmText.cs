using System.Globalization;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Alarms;

/// <summary>Alarms in words.</summary>
internal static class AlarmText
{
    /// <summary>What an alarm is about.</summary>
    public static string Of(AlarmKind kind) =>
        kind switch
        {
            AlarmKind.DurationP50 => "median duration longer",
            AlarmKind.DurationP90 => "duration p90 longer",
            AlarmKind.Success => "fewer succeed",
            AlarmKind.DialFailures => "more dial failures",
            AlarmKind.NoDht => "connected, then no DHT",
            AlarmKind.Timeouts => "more timeouts",
            AlarmKind.Eclipse => "key may be surrounded",
            AlarmKind.Density => "dense part of the key space",
            AlarmKind.Record => "record needs attention",
            _ => Words.Of(kind),
        };

    /// <summary>What its figure counts.</summary>
    public static string RestsOn(AlarmFinding finding) =>
        finding.Kind switch
        {
            AlarmKind.DialFailures or AlarmKind.NoDht or AlarmKind.Timeouts => Count(finding.RestsOn, "peer"),
            AlarmKind.Eclipse => Count(finding.RestsOn, "other key"),
            AlarmKind.Density => Count(finding.RestsOn, "key"),
            AlarmKind.Record => Count(finding.RestsOn, "lookup"),
            _ => Count(finding.RestsOn, "lookup"),
        };

    /// <summary>A figure in its unit; a dash when it is unknown.</summary>
    public static string Value(AlarmKind kind, double? value) =>
        value is not { } known ? "–"
        : kind <= AlarmKind.DurationP90 ? DurationText.Of((long)known)
        : kind <= AlarmKind.Timeouts ? Text.Shares.Percent(known)
        : known.ToString(known < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture) + "×";

    /// <summary>The interval of the change; null when there is none.</summary>
    public static string? Interval(AlarmFinding finding) =>
        finding.Interval is not { } interval ? null
        : finding.Kind <= AlarmKind.DurationP90 ? $"{Signed((interval.Low - 1) * 100)} to {Signed((interval.High - 1) * 100)} %"
        : $"{Signed(interval.Low * 100)} to {Signed(interval.High * 100)} points";

    /// <summary>An alarm as a sentence for messages. The subject is hostile text: control characters are taken out.</summary>
    public static string Sentence(Alarm alarm)
    {
        var finding = alarm.Raised;
        var subject = string.Concat(alarm.Subject.Select(static c => char.IsControl(c) ? '\uFFFD' : c));
        subject = subject.Length > 80 ? subject[..80] + "…" : subject;
        return finding.Text is { } text
            ? $"{subject}: {text}"
            : $"{subject}: {Of(alarm.Kind)}, {Value(alarm.Kind, finding.Figure)} where {Value(alarm.Kind, finding.Expected)} was expected "
                + $"({RestsOn(finding)})";
    }

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static string Signed(double value) => value.ToString("+0;-0;0", CultureInfo.InvariantCulture);
}
