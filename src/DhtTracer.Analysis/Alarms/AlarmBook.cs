using System.Collections.Immutable;

namespace DhtTracer.Analysis.Alarms;

/// <summary>
/// Which alarms begin, go on and end with an hour. An alarm is raised by the first hour that says so, and ends after
/// <see cref="FineHoursToEnd"/> fine hours in a row, so a figure that goes to and fro is one alarm.
/// </summary>
public static class AlarmBook
{
    /// <summary>Fine hours in a row that end an alarm.</summary>
    public const int FineHoursToEnd = 2;

    /// <summary>Hours in a row with too few lookups that end an alarm: nobody can tell any more.</summary>
    public const int TooFewHoursToEnd = 24;

    /// <summary>Alarms that are open at most. What strangers write in traces cannot raise more.</summary>
    public const int MostOpen = 500;

    /// <summary>Takes an hour into the book.</summary>
    /// <param name="open">The open alarms.</param>
    /// <param name="findings">What the hour says, at most one for each kind and subject. What is missing counts as too few.</param>
    /// <param name="hour">Start of the hour, in nanoseconds since 1970-01-01 UTC.</param>
    public static AlarmChanges Next(IReadOnlyCollection<Alarm> open, IEnumerable<AlarmFinding> findings, ulong hour)
    {
        var found = new Dictionary<(AlarmKind, string), AlarmFinding>();
        foreach (var finding in findings)
        {
            found.TryAdd((finding.Kind, finding.Subject), finding);
        }

        var going = ImmutableArray.CreateBuilder<Alarm>();
        var ended = ImmutableArray.CreateBuilder<Alarm>();
        foreach (var alarm in open)
        {
            found.Remove((alarm.Kind, alarm.Subject), out var finding);
            var next = Next(alarm, finding, hour);
            (next.IsOpen ? going : ended).Add(next);
        }

        var raised = found
            .Values.Where(static finding => finding.State == FindingState.Alarm)
            .OrderBy(static finding => finding.Kind)
            .ThenBy(static finding => finding.Subject, StringComparer.Ordinal)
            .Take(Math.Max(0, MostOpen - going.Count))
            .Select(finding => Alarm.Of(finding, hour));
        return new AlarmChanges([.. raised], going.ToImmutable(), ended.ToImmutable());
    }

    private static Alarm Next(Alarm alarm, AlarmFinding? finding, ulong hour)
    {
        const ulong HourNs = 3_600_000_000_000;
        var state = finding?.State ?? FindingState.TooFew;
        var next = alarm with
        {
            Latest = finding ?? alarm.Latest,
            FineHours = state == FindingState.Fine ? alarm.FineHours + 1 : 0,
            TooFewHours = state == FindingState.TooFew ? alarm.TooFewHours + 1 : 0,
        };
        return next.FineHours >= FineHoursToEnd ? next with { UntilUnixNano = hour - ((FineHoursToEnd - 1) * HourNs), End = AlarmEnd.Fine }
            : next.TooFewHours >= TooFewHoursToEnd
                ? next with
                {
                    UntilUnixNano = hour - ((TooFewHoursToEnd - 1) * HourNs),
                    End = AlarmEnd.TooFew,
                }
            : next;
    }
}

/// <summary>What an hour does to the alarms.</summary>
/// <param name="Raised">Alarms that begin.</param>
/// <param name="Going">Alarms that were open and stay so.</param>
/// <param name="Ended">Alarms that end.</param>
public sealed record AlarmChanges(ImmutableArray<Alarm> Raised, ImmutableArray<Alarm> Going, ImmutableArray<Alarm> Ended)
{
    /// <summary>All of them, as they are after the hour.</summary>
    public IEnumerable<Alarm> All => Raised.Concat(Going).Concat(Ended);
}
