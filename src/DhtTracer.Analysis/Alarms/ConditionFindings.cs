using System.Collections.Immutable;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Analysis.Alarms;

/// <summary>The alarms of the network and of records as findings: they hold or do not, by their own tests.</summary>
public static class ConditionFindings
{
    /// <summary>Alarms of the network's report that count at most, the most surprising first.</summary>
    public const int MostOfKind = 50;

    /// <summary>Suspicious lookups and dense parts.</summary>
    /// <param name="report">The report of the day that ends with the hour.</param>
    /// <param name="open">Open alarms: those that the report no longer shows are fine.</param>
    public static ImmutableArray<AlarmFinding> OfNetwork(NetworkReport report, IEnumerable<Alarm> open)
    {
        var findings = ImmutableArray.CreateBuilder<AlarmFinding>();
        foreach (var verdict in report.Suspicious.DistinctBy(static verdict => verdict.Key).Take(MostOfKind))
        {
            findings.Add(
                new AlarmFinding
                {
                    Kind = AlarmKind.Eclipse,
                    Subject = verdict.Key,
                    State = FindingState.Alarm,
                    Figure = verdict.Times,
                    Expected = 1,
                    Adjusted = verdict.Adjusted,
                    RestsOn = verdict.OtherKeys,
                    Query = verdict.Query.ToString(),
                }
            );
        }

        foreach (var part in report.Density.Where(static part => part.IsAlarm).Take(MostOfKind))
        {
            findings.Add(
                new AlarmFinding
                {
                    Kind = AlarmKind.Density,
                    Subject = part.Prefix,
                    State = FindingState.Alarm,
                    Figure = part.Times,
                    Expected = 1,
                    Adjusted = part.PValue * report.Density.Length,
                    RestsOn = part.Keys,
                }
            );
        }

        return AddFine(
            findings,
            open.Where(alarm =>
                (alarm.Kind == AlarmKind.Eclipse && report.Size is not null) || (alarm.Kind == AlarmKind.Density && !report.Density.IsEmpty)
            )
        );
    }

    /// <summary>Alarms of records.</summary>
    /// <param name="records">The records that were touched or published last.</param>
    /// <param name="open">Open alarms: those that these records no longer have are fine.</param>
    public static ImmutableArray<AlarmFinding> OfRecords(IReadOnlyCollection<RecordLife> records, IEnumerable<Alarm> open)
    {
        var findings = ImmutableArray.CreateBuilder<AlarmFinding>();
        foreach (
            var life in records.Where(static life => !life.Alarms.IsEmpty).OrderBy(static life => life.Alarms[0].Kind).Take(MostOfKind)
        )
        {
            findings.Add(
                new AlarmFinding
                {
                    Kind = AlarmKind.Record,
                    Subject = life.Key.Text,
                    State = FindingState.Alarm,
                    RestsOn = life.Lookups.Length,
                    Text = life.Alarms[0].Text,
                }
            );
        }

        var looked = records.Select(static life => life.Key.Text).ToHashSet(StringComparer.Ordinal);
        return AddFine(findings, open.Where(alarm => alarm.Kind == AlarmKind.Record && looked.Contains(alarm.Subject)));
    }

    private static ImmutableArray<AlarmFinding> AddFine(ImmutableArray<AlarmFinding>.Builder findings, IEnumerable<Alarm> open)
    {
        var found = findings.Select(static finding => (finding.Kind, finding.Subject)).ToHashSet();
        foreach (var alarm in open.Where(alarm => !found.Contains((alarm.Kind, alarm.Subject))))
        {
            findings.Add(
                new AlarmFinding
                {
                    Kind = alarm.Kind,
                    Subject = alarm.Subject,
                    State = FindingState.Fine,
                }
            );
        }

        return findings.ToImmutable();
    }
}
