using System.Collections.Immutable;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>
/// Tables of ProbeLab's reports that traces allow, by the reports' own definitions
/// (<see href="https://github.com/probe-lab/network-measurements/tree/main/results"/>: RFM 7, 17 and 21; docs/network.md restates them).
/// </summary>
/// <param name="Times">RFM 7 and 21: how long lookups took.</param>
/// <param name="Hops">RFM 17: how deep lookups went.</param>
/// <param name="Liveness">RFM 17: how many of the peers that were sent a provider record still hold it, by its age.</param>
/// <param name="Records">Provider records on which <paramref name="Liveness"/> rests.</param>
public sealed record MeasuredTables(
    ImmutableArray<MeasuredTime> Times,
    ImmutableArray<MeasuredQuartiles> Hops,
    ImmutableArray<MeasuredLiveness> Liveness,
    int Records
)
{
    /// <summary>Types of operations that have a row.</summary>
    public static IReadOnlyList<QueryType> Types { get; } =
    [QueryType.GetProviders, QueryType.AddProvider, QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetValue, QueryType.PutValue];

    private const ulong HourNs = 3_600_000_000_000;

    /// <summary>Ends of the ages, in hours: as long as records are republished, kept, and longer.</summary>
    private static readonly int[] Ages = [1, 6, 12, 22, 24, 36, 48];

    /// <summary>Computes the tables.</summary>
    /// <param name="sets">Operations by type.</param>
    /// <param name="records">Records with their publications and lookups.</param>
    public static MeasuredTables Of(IEnumerable<(QueryType Type, OperationColumns Operations)> sets, IEnumerable<RecordLife> records)
    {
        var times = ImmutableArray.CreateBuilder<MeasuredTime>();
        var hops = ImmutableArray.CreateBuilder<MeasuredQuartiles>();
        foreach (var (type, operations) in sets)
        {
            if (
                type == QueryType.GetProviders
                && MeasuredTime.Of("get-providers, to the first provider", operations.FirstResults) is { } first
            )
            {
                times.Add(first);
            }

            if (MeasuredTime.Of(Words.Of(type), operations.SortedDurations) is { } whole)
            {
                times.Add(whole);
            }

            long[] counts = [.. operations.Hops.Values().SelectMany(static item => Enumerable.Repeat(item.Value, item.Count)).Order()];
            if (counts.Length > 0)
            {
                hops.Add(MeasuredQuartiles.Of(Words.Of(type), counts));
            }
        }

        List<RecordLife> provided = [.. records.Where(static life => life.Kind == RecordKind.Provider && !life.Publications.IsEmpty)];
        return new MeasuredTables(times.ToImmutable(), hops.ToImmutable(), LivenessOf(provided), provided.Count);
    }

    private static ImmutableArray<MeasuredLiveness> LivenessOf(List<RecordLife> records)
    {
        var sums = new (int Lookups, int Sent, int Held, int Found)[Ages.Length + 1];
        foreach (var life in records)
        {
            foreach (var lookup in life.Lookups.Where(static lookup => lookup.Counts))
            {
                var looked = lookup.Sighting.StartUnixNano;
                if (life.Publications.LastOrDefault(publication => publication.StartUnixNano <= looked) is not { } published)
                {
                    continue;
                }

                var hours = (looked - published.StartUnixNano) / HourNs;
                var age = Array.FindIndex(Ages, end => hours < (ulong)end);
                ref var sum = ref sums[age < 0 ? Ages.Length : age];
                sum.Lookups++;
                sum.Found += lookup.Sighting.Holders.IsEmpty ? 0 : 1;
                sum.Sent += published.SentTo.Length;
                sum.Held += published.SentTo.Intersect(lookup.Sighting.Holders, StringComparer.Ordinal).Count();
            }
        }

        return
        [
            .. sums.Select(
                    static (sum, i) =>
                        new MeasuredLiveness(
                            i == 0 ? 0 : Ages[i - 1],
                            i == Ages.Length ? null : Ages[i],
                            sum.Lookups,
                            sum.Sent,
                            sum.Held,
                            sum.Found
                        )
                )
                .Where(static row => row.Lookups > 0),
        ];
    }
}

/// <summary>Quartiles of one figure.</summary>
/// <param name="Name">Of what.</param>
/// <param name="Count">Operations whose figure is known.</param>
/// <param name="P25">Lower quartile, by nearest rank.</param>
/// <param name="P50">Median.</param>
/// <param name="P75">Upper quartile.</param>
/// <param name="P90">90th percentile.</param>
public sealed record MeasuredQuartiles(string Name, int Count, long P25, long P50, long P75, long P90)
{
    internal static MeasuredQuartiles Of(string name, ReadOnlySpan<long> sorted) =>
        new(
            name,
            sorted.Length,
            Percentile.Of(sorted, 25),
            Percentile.Of(sorted, 50),
            Percentile.Of(sorted, 75),
            Percentile.Of(sorted, 90)
        );
}

/// <summary>Times of one type of operation, in nanoseconds.</summary>
/// <param name="Quartiles">Quartiles.</param>
/// <param name="Mean">Mean.</param>
/// <param name="Deviation">Standard deviation; null below two operations.</param>
/// <param name="Slow">Operations longer than mean plus deviation, which RFM 7 calls slow; null without a deviation.</param>
/// <param name="UnderHalfSecond">Operations under 500 ms.</param>
/// <param name="UnderSecond">Operations of 500 ms to 1 s.</param>
public sealed record MeasuredTime(
    MeasuredQuartiles Quartiles,
    double Mean,
    double? Deviation,
    int? Slow,
    int UnderHalfSecond,
    int UnderSecond
)
{
    /// <summary>The times; null when none is known.</summary>
    internal static MeasuredTime? Of(string name, TimeValues values)
    {
        const long HalfSecond = 500_000_000;
        var sorted = values.Sorted;
        if (sorted.IsEmpty)
        {
            return null;
        }

        var (sum, half, second) = (0.0, 0, 0);
        foreach (var value in sorted)
        {
            sum += value;
            half += value < HalfSecond ? 1 : 0;
            second += value is >= HalfSecond and < 2 * HalfSecond ? 1 : 0;
        }

        var mean = sum / sorted.Length;
        var squares = 0.0;
        foreach (var value in sorted)
        {
            squares += (value - mean) * (value - mean);
        }

        double? deviation = sorted.Length < 2 ? null : Math.Sqrt(squares / (sorted.Length - 1));
        int? slow = deviation is null ? null : 0;
        foreach (var value in sorted)
        {
            slow += value > mean + deviation ? 1 : 0;
        }

        return new MeasuredTime(MeasuredQuartiles.Of(name, sorted), mean, deviation, slow, half, second);
    }
}

/// <summary>Provider records of one age: complete lookups so long after the latest publication before them.</summary>
/// <param name="FromHours">From this age on.</param>
/// <param name="ToHours">Below this age; null for no end.</param>
/// <param name="Lookups">Lookups.</param>
/// <param name="Sent">Peers that the publications were sent to, each once for each lookup.</param>
/// <param name="Held">Those whose answer held the record.</param>
/// <param name="Found">Lookups in which any peer held it: the record was retrievable.</param>
public sealed record MeasuredLiveness(int FromHours, int? ToHours, int Lookups, int Sent, int Held, int Found);
