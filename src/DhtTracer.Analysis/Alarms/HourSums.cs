using System.Collections.Immutable;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Alarms;

/// <summary>The operations of one type in one hour.</summary>
/// <param name="Type">The type.</param>
/// <param name="Operations">Number of operations.</param>
/// <param name="Durations">Known durations in nanoseconds, ascending.</param>
/// <param name="Success">Operations that succeeded, of those with a known outcome.</param>
public sealed record TypeSums(QueryType Type, int Operations, ImmutableArray<long> Durations, Share Success)
{
    /// <summary>The sums of a set.</summary>
    public static TypeSums Of(QueryType type, OperationColumns operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        var outcomes = new int[OutcomeCount.Most];
        foreach (var outcome in operations.Outcomes)
        {
            outcomes[outcome]++;
        }

        return new TypeSums(type, operations.Count, [.. operations.SortedDurations.Sorted], OutcomeCount.Success(outcomes));
    }
}

/// <summary>What is watched of one hour.</summary>
/// <param name="StartUnixNano">Its start, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Types">Its operations by type.</param>
/// <param name="Peers">The distinct peers that its lookups dialed or asked, by peer id in base58.</param>
public sealed record HourSums(ulong StartUnixNano, ImmutableArray<TypeSums> Types, IReadOnlyDictionary<string, KnownPeer> Peers)
{
    /// <summary>Length of an hour in nanoseconds.</summary>
    public const ulong LengthNs = 3_600_000_000_000;

    /// <summary>Starts of the same hours of the seven days before, latest first.</summary>
    /// <param name="hour">Start of an hour.</param>
    public static IEnumerable<ulong> SameHoursBefore(ulong hour) =>
        Enumerable.Range(1, 7).Select(day => (ulong)day * 24 * LengthNs).Where(back => back <= hour).Select(back => hour - back);
}
