using System.Collections.Immutable;
using System.Globalization;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>Compares what the daemon says of its sweep with what the spans, its log and the lookups show.</summary>
internal static class SweepContradictions
{
    /// <summary>One sentence for each contradiction.</summary>
    public static ImmutableArray<string> Of(SweepReport report)
    {
        if (report.Status is not { } status)
        {
            return [];
        }

        var sentences = ImmutableArray.CreateBuilder<string>();
        var failed = report.Regions.Where(static region => region.IsFailed == true).ToList();
        if (failed.Count > 0 && status.KeysFailed == 0)
        {
            sentences.Add(
                $"Kubo counts 0 failed keys, but its log says that the records of {Regions(failed.Select(static region => region.Prefix))} "
                    + "could not be sent."
            );
        }

        if (report.Forgetting is { IsEmpty: false } forgetting)
        {
            var holders = status.AverageHolders is { } average
                ? string.Create(CultureInfo.InvariantCulture, $" and {average:0.#} holders on average")
                : "";
            var (answers, peers) = (forgetting.Sum(static part => part.Answers), forgetting.Sum(static part => part.Peers));
            sentences.Add(
                $"Kubo counts {Number(status.KeysFailed)} failed keys{holders}, but lookups of "
                    + $"{forgetting.Sum(static part => part.LookedUp)} keys found no record at any peer of "
                    + $"{Regions(forgetting.Select(static part => part.Prefix))}: {answers} answers of {peers} peers named no provider. "
                    + $"{forgetting.Sum(static part => part.Keys)} keys were sent near them."
            );
        }

        if (report.Silent is { IsEmpty: false } silent && status.IsCovered == true)
        {
            sentences.Add(
                $"Kubo says that the whole key space is covered, but no peer of {Regions(silent.Select(static part => part.Prefix))} "
                    + $"answered ({silent.Sum(static part => part.Tried)} tried). "
                    + $"The records of {silent.Sum(static part => part.Keys)} keys there can only be at peers that are further away."
            );
        }

        if (
            status.Keys is { } scheduled
            && report.Marks > 0
            && report.Interval is { } interval
            && report.EndUnixNano - report.StartUnixNano > (ulong)interval.Ns
            && report.Keys < scheduled
        )
        {
            sentences.Add($"Kubo has {scheduled} keys in its schedule, but only {report.Keys} had a turn in this time.");
        }

        return sentences.ToImmutable();
    }

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "an unknown number of";

    private static string Regions(IEnumerable<KeyPrefix> prefixes)
    {
        var names = prefixes.Select(static prefix => prefix.Length == 0 ? "the whole key space" : prefix.ToString()).ToList();
        return names.Count == 1 ? $"region {names[0]}"
            : names.Count <= 5 ? $"regions {string.Join(", ", names)}"
            : $"regions {string.Join(", ", names.Take(5))} and {names.Count - 5} more";
    }
}
