using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>What a report rests on besides the facts.</summary>
public sealed record SweepOptions
{
    /// <summary>Nothing more.</summary>
    public static SweepOptions None { get; } = new();

    /// <summary>Peer id of the node; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>The interval, in nanoseconds, if the user gives one.</summary>
    public long? IntervalNs { get; init; }

    /// <summary>Lookups of keys that may have been provided.</summary>
    public ImmutableArray<SweepLookup> Lookups { get; init; } = [];
}

/// <summary>Makes the report of a sweep from its facts. The rules and how often they are right: <c>docs/sweep.md</c>.</summary>
public static class SweepAnalysis
{
    /// <summary>Longest time between the mark of a key that is provided alone and its lookup, in nanoseconds.</summary>
    private const ulong LongestAloneNs = 1_000_000_000;

    /// <summary>Longest time between the first lookup of an exploration and the line that says so, in nanoseconds.</summary>
    private const ulong LongestLogNs = 1_000_000_000;

    /// <summary>Peer id of the node that left these facts, in base58; null when they do not tell it.</summary>
    public static string? NodeOf(IEnumerable<SweepFact> facts) => OwnId([.. facts.OfType<SweepExploration>()])?.ToString();

    /// <summary>Makes a report.</summary>
    /// <param name="facts">The facts of one node, in any order, each once.</param>
    /// <param name="options">What else is known.</param>
    public static SweepReport Of(IReadOnlyCollection<SweepFact> facts, SweepOptions? options = null)
    {
        options ??= SweepOptions.None;
        if (facts.Count == 0)
        {
            return new SweepReport { Node = options.Node };
        }

        var explorations = facts.OfType<SweepExploration>().OrderBy(static fact => fact.StartUnixNano).ToList();
        var marks = facts.OfType<SweepMark>().OrderBy(static fact => fact.StartUnixNano).ToList();
        var lines = facts.OfType<SweepLogEntry>().ToList();
        var own = PeerText.OrNull(options.Node) is { } node && PeerId.TryParse(node, out var known) ? known : OwnId(explorations);
        ulong? ownBits = own is null ? null : KeyPrefix.PositionOf(own.Value.Bytes);
        var (singles, alone) = Singles(marks, explorations);
        var lookups = explorations
            .Where(fact => !alone.Contains(fact) && (own is null || !own.Value.Bytes.SequenceEqual(fact.Key.AsSpan())))
            .Select(static fact => new ExploringLookup(fact, new KeyPrefix(fact.Position, Exploring.AskedBits)))
            .ToList();
        var exploring = Exploring.Of(lookups, ownBits);
        var aloneMarks = singles.Select(static single => (single.StartUnixNano, Convert.ToHexString(single.Key.AsSpan()))).ToHashSet();
        var groups = new MarkGroups(
            marks.Where(mark => !aloneMarks.Contains((mark.StartUnixNano, Convert.ToHexString(mark.Key.AsSpan())))),
            lookups,
            exploring
        );
        var log = new SweepLog(lines);
        var batches = SweepBatches.Join(exploring, groups, log, LongestLogNs);
        var end = facts.Max(static fact => fact.EndUnixNano);
        var statuses = facts
            .OfType<SweepStatistic>()
            .OrderBy(static fact => fact.StartUnixNano)
            .Select(SweepStatus.Read)
            .OfType<SweepStatus>()
            .ToList();
        var interval =
            options.IntervalNs is { } given ? new SweepInterval(given, SweepIntervalSource.Given)
            : statuses.FindLast(static status => status.IntervalNs is not null) is { IntervalNs: { } told }
                ? new SweepInterval(told, SweepIntervalSource.Daemon)
            : SweepTimetable.IntervalOf(exploring.Where(one => !groups.Of(one).IsEmpty), ownBits);
        var keys = DistinctKeys(marks);
        var (regions, never) = SweepRegions.Of(batches, singles, end, interval, options.Lookups);
        var silent = PeersByPart.Silent(explorations, keys);
        var report = new SweepReport
        {
            StartUnixNano = facts.Min(static fact => fact.StartUnixNano),
            EndUnixNano = end,
            Node = own?.ToString(),
            Marks = marks.Count,
            Keys = keys.Count,
            Lookups = lookups.Count,
            LogLines = lines.Count,
            Batches = batches,
            Singles = singles,
            Regions = regions,
            Never = never,
            Silent = silent,
            Forgetting = PeersByPart.Forgetting(options.Lookups, regions, keys),
            Interval = interval,
            Status = statuses.LastOrDefault(),
            Warnings = [.. log.Warnings],
        };
        return report with { Contradictions = SweepContradictions.Of(report) };
    }

    /// <summary>
    /// The node's own id: Kubo's sweep looks for it again and again in its empty LAN table, to find out whether it is online. Null when no
    /// peer id was looked for twice without asking anybody.
    /// </summary>
    private static PeerId? OwnId(List<SweepExploration> explorations)
    {
        var most = explorations
            .Where(static fact => fact.Answered.IsEmpty && fact.Failed.IsEmpty)
            .GroupBy(static fact => Convert.ToHexString(fact.Key.AsSpan()))
            .Where(static group => group.Count() >= 2)
            .MaxBy(static group => group.Count());
        return most is not null && PeerId.TryParse(most.First().Key.AsSpan(), out var id) ? id : null;
    }

    /// <summary>Keys that the sweep provides alone: it looks for the peers closest to the key itself while it marks it.</summary>
    private static (ImmutableArray<SweepSingle> Singles, HashSet<SweepExploration> Lookups) Singles(
        List<SweepMark> marks,
        List<SweepExploration> explorations
    )
    {
        var singles = ImmutableArray.CreateBuilder<SweepSingle>();
        var alone = new HashSet<SweepExploration>(ReferenceEqualityComparer.Instance);
        var byKey = explorations.ToLookup(static fact => Convert.ToHexString(fact.Key.AsSpan()), StringComparer.Ordinal);
        foreach (var mark in explorations.Count == 0 ? [] : marks)
        {
            var lookup = byKey[Convert.ToHexString(mark.Key.AsSpan())]
                .FirstOrDefault(fact =>
                    fact.StartUnixNano + LongestAloneNs >= mark.StartUnixNano
                    && mark.StartUnixNano + LongestAloneNs >= fact.StartUnixNano
                    && !alone.Contains(fact)
                );
            if (lookup is null)
            {
                continue;
            }

            alone.Add(lookup);
            singles.Add(
                new SweepSingle(mark.Key, mark.StartUnixNano, lookup.DurationNs, lookup.Id, lookup.Answered.Length, lookup.Failed.Length)
            );
        }

        return (singles.ToImmutable(), alone);
    }

    private static List<ulong> DistinctKeys(List<SweepMark> marks) => [.. marks.Select(static mark => mark.Position).Distinct().Order()];
}
