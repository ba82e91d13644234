using System.Collections.Immutable;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// Finds which region each key was provided with. The sweep marks the keys of a region one right after the other, when it has explored the
/// region and before it sends. It divides what it explored into regions: by the next bit, as long as both halves have enough peers.
/// </summary>
internal sealed class MarkGroups
{
    /// <summary>Fewest peers of a region, Kubo's replication factor.</summary>
    private const int FewestPeers = 20;

    /// <summary>Longest time from an exploration to the marks of a later one of its regions, in nanoseconds: ten minutes.</summary>
    public const ulong LongestSendingNs = 600_000_000_000;

    private readonly List<Exploring> _explorations;

    /// <summary>The lookups that explored, by end.</summary>
    private readonly List<ExploringLookup> _lookups;

    private readonly Dictionary<Exploring, List<SweepVisit>> _visits = [];
    private readonly List<SweepVisit> _unexplored = [];

    /// <summary>Finds the regions.</summary>
    /// <param name="marks">The marks of keys, without those that were provided alone, by start.</param>
    /// <param name="lookups">The lookups that explored, by start.</param>
    /// <param name="explorations">The same, grouped.</param>
    public MarkGroups(IEnumerable<SweepMark> marks, List<ExploringLookup> lookups, List<Exploring> explorations)
    {
        _explorations = explorations;
        _lookups = [.. lookups.OrderBy(static lookup => lookup.Fact.EndUnixNano)];
        var group = new List<SweepMark>();
        foreach (var mark in marks)
        {
            if (group.Count > 0 && mark.StartUnixNano >= group[^1].EndUnixNano + Exploring.LongestPauseNs)
            {
                Divide(group);
                group = [];
            }

            group.Add(mark);
        }

        if (group.Count > 0)
        {
            Divide(group);
        }
    }

    /// <summary>The regions provided after an exploration, in the order of the key space.</summary>
    public ImmutableArray<SweepVisit> Of(Exploring exploring) =>
        _visits.TryGetValue(exploring, out var visits)
            ? [.. visits.OrderBy(static visit => visit.Prefix).ThenBy(static visit => visit.StartUnixNano)]
            : [];

    /// <summary>Groups of keys before which no exploration is known: its spans were lost, or it is older than the report.</summary>
    public IReadOnlyList<SweepVisit> Unexplored => _unexplored;

    private void Divide(List<SweepMark> group)
    {
        var positions = group.ConvertAll(static mark => mark.Position);
        var shared = positions
            .Skip(1)
            .Aggregate(
                new KeyPrefix(positions[0], KeyPrefix.MaxLength),
                static (common, position) => common.Common(new KeyPrefix(position, KeyPrefix.MaxLength))
            );
        var (start, end) = (group[0].StartUnixNano, group[^1].EndUnixNano);
        var before = Before(shared, start, end);
        if (before.Count == 0)
        {
            _unexplored.Add(Visit(new KeyPrefix(shared.First, Math.Min(shared.Length, Exploring.AskedBits)), group, null, null));
            return;
        }

        var (answered, failed) = Peers(before, shared, start, end);
        var top = before
            .Where(exploring => exploring.Prefix is { } prefix && prefix.Contains(shared))
            .Select(static exploring => exploring.Prefix!.Value)
            .DefaultIfEmpty(new KeyPrefix(shared.First, Math.Min(shared.Length, Exploring.AskedBits)))
            .MaxBy(static prefix => prefix.Length);
        foreach (var region in Regions(top, answered))
        {
            var own = group.Where((_, at) => region.Contains(positions[at])).ToList();
            if (own.Count == 0)
            {
                continue;
            }

            // Of several explorations of the region, the one that ended last.
            var exploring = before
                .Where(exploring => exploring.Prefix is not { } prefix || prefix.Overlaps(region))
                .DefaultIfEmpty(before[^1])
                .MaxBy(static exploring => exploring.EndUnixNano)!;
            var visit = Visit(region, own, answered.Count(region.Contains), failed.Count(region.Contains));
            (_visits.TryGetValue(exploring, out var visits) ? visits : _visits[exploring] = []).Add(visit);
        }
    }

    /// <summary>The explorations that ended just before or among the marks; else the last one before, whose sending took longer.</summary>
    private List<Exploring> Before(KeyPrefix shared, ulong start, ulong end)
    {
        var fits = _explorations.FindAll(exploring =>
            exploring.EndUnixNano <= end
            && exploring.EndUnixNano + LongestSendingNs >= start
            && (exploring.Prefix is not { } prefix || prefix.Overlaps(shared))
        );
        var near = fits.FindAll(exploring => exploring.EndUnixNano + Exploring.LongestPauseNs >= start);
        return near.Count > 0 ? near
            : fits.Count > 0 ? [fits.MaxBy(static exploring => exploring.EndUnixNano)!]
            : [];
    }

    /// <summary>
    /// Positions of the peers that answered and of those that failed: in these explorations, and in all lookups inside the shared part that
    /// lead up to the marks without a pause.
    /// </summary>
    private (HashSet<ulong> Answered, HashSet<ulong> Failed) Peers(List<Exploring> before, KeyPrefix shared, ulong start, ulong end)
    {
        var (answered, failed) = (new HashSet<ulong>(), new HashSet<ulong>());
        void Add(ExploringLookup lookup)
        {
            answered.UnionWith(lookup.Fact.Answered);
            failed.UnionWith(lookup.Fact.Failed);
        }

        foreach (var exploring in before)
        {
            foreach (var lookup in exploring.Lookups)
            {
                Add(lookup);
            }
        }

        var inside = new KeyPrefix(shared.First, Math.Min(shared.Length, Exploring.AskedBits));
        var earliest = start;
        for (var i = LastEndingBy(end); i >= 0; i--)
        {
            var lookup = _lookups[i];
            if (lookup.Fact.EndUnixNano + Exploring.LongestPauseNs < earliest)
            {
                break;
            }

            if (inside.Contains(lookup.Asked))
            {
                earliest = Math.Min(earliest, lookup.Fact.StartUnixNano);
                Add(lookup);
            }
        }

        failed.ExceptWith(answered);
        return (answered, failed);
    }

    private int LastEndingBy(ulong unixNano)
    {
        var (low, high) = (0, _lookups.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _lookups[middle].Fact.EndUnixNano <= unixNano ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    private static IEnumerable<KeyPrefix> Regions(KeyPrefix top, IReadOnlyCollection<ulong> peers)
    {
        if (top.Length < KeyPrefix.MaxLength)
        {
            var (left, right) = (peers.Where(top.Left.Contains).ToList(), peers.Where(top.Right.Contains).ToList());
            if (left.Count >= FewestPeers && right.Count >= FewestPeers)
            {
                return Regions(top.Left, left).Concat(Regions(top.Right, right));
            }
        }

        return [top];
    }

    private static SweepVisit Visit(KeyPrefix region, List<SweepMark> marks, int? answered, int? failed) =>
        new()
        {
            Prefix = region,
            Marks = [.. marks],
            Keys = marks.Select(static mark => mark.Position).Distinct().Count(),
            StartUnixNano = marks[0].StartUnixNano,
            EndUnixNano = marks[^1].EndUnixNano,
            Answered = answered,
            Failed = failed,
        };
}
