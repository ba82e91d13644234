using System.Collections.Immutable;
using DhtTracer.Analysis.Network;

namespace DhtTracer.Analysis.Alarms;

/// <summary>The peers of an agent family in one hour: how many failed in which way.</summary>
/// <param name="Peers">Distinct peers whose end is known.</param>
/// <param name="DialFailures">Those that could not be dialed.</param>
/// <param name="NoDht">Those that do not speak the DHT's protocol.</param>
/// <param name="Timeouts">Those whose dial or request timed out.</param>
public readonly record struct FamilySums(int Peers, int DialFailures, int NoDht, int Timeouts)
{
    /// <summary>How many failed as a kind of alarm asks.</summary>
    public int Of(AlarmKind kind) =>
        kind switch
        {
            AlarmKind.DialFailures => DialFailures,
            AlarmKind.NoDht => NoDht,
            AlarmKind.Timeouts => Timeouts,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of agent families"),
        };
}

/// <summary>Sorts peers by agent family: the agent version up to its first slash, such as <c>kubo</c>.</summary>
public static class AgentFamilies
{
    /// <summary>Families that are told apart at most, those with most peers. Agents are strangers' text, and each is tested.</summary>
    public const int Most = 12;

    /// <summary>Peers whose agent is not known.</summary>
    public const string Unknown = "unknown agent";

    private const int LongestName = 40;

    /// <summary>The family of an agent version.</summary>
    public static string Of(string? agent)
    {
        var end = agent?.AsSpan().IndexOfAny('/', ' ', '@') ?? -1;
        var name = (end < 0 ? agent : agent![..end]) ?? "";
        return name.Length == 0 ? Unknown
            : name.Length > LongestName ? name[..LongestName]
            : name;
    }

    /// <summary>The families of hours that are compared. A peer that could not be reached has the agent that another of the hours
    /// shows.</summary>
    /// <param name="hours">The hours; the first is the one that is watched.</param>
    /// <returns>For each hour, in the same order, the families.</returns>
    public static ImmutableArray<IReadOnlyDictionary<string, FamilySums>> Of(IReadOnlyList<HourSums> hours)
    {
        var agents = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (id, state) in hours.SelectMany(static hour => hour.Peers))
        {
            if (state.Agent is { } agent)
            {
                agents.TryAdd(id, Of(agent));
            }
        }

        var sums = hours.Select(hour => Count(hour, agents)).ToList();
        var kept = sums.SelectMany(static hour => hour)
            .GroupBy(static family => family.Key, StringComparer.Ordinal)
            .OrderByDescending(static family => family.Sum(static hour => (long)hour.Value.Peers))
            .ThenBy(static family => family.Key, StringComparer.Ordinal)
            .Take(Most)
            .Select(static family => family.Key)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. sums.Select(hour =>
                (IReadOnlyDictionary<string, FamilySums>)
                    hour.Where(family => kept.Contains(family.Key)).ToDictionary(static family => family.Key, static family => family.Value)
            ),
        ];
    }

    private static Dictionary<string, FamilySums> Count(HourSums hour, Dictionary<string, string> agents)
    {
        var families = new Dictionary<string, FamilySums>(StringComparer.Ordinal);
        foreach (var (id, state) in hour.Peers)
        {
            if (state.Fate == PeerFate.Open && !state.IsWithoutDht)
            {
                continue;
            }

            var family = agents.GetValueOrDefault(id, Unknown);
            var sums = families.GetValueOrDefault(family);
            var error = state.Fate == PeerFate.Failed ? state.Error : null;
            families[family] = new FamilySums(
                sums.Peers + 1,
                sums.DialFailures + (IsDial(error) ? 1 : 0),
                sums.NoDht + (state.IsWithoutDht ? 1 : 0),
                sums.Timeouts + (error is ErrorClass.DialTimeout or ErrorClass.RequestTimeout ? 1 : 0)
            );
        }

        return families;
    }

    private static bool IsDial(string? error) =>
        error
            is ErrorClass.DialTimeout
                or ErrorClass.DialRefused
                or ErrorClass.NoRoute
                or ErrorClass.DialBackoff
                or ErrorClass.DialFailed
                or ErrorClass.Handshake;
}
