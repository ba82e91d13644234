using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The queries that started within one hour of UTC, which knows no daylight saving.</summary>
public sealed record HourlyFacts
{
    private const ulong NanosecondsPerHour = 3_600_000_000_000;

    /// <summary>Start of the hour, UTC.</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>Number of queries.</summary>
    public required int Queries { get; init; }

    /// <summary>Queries that succeeded, of those whose outcome is known.</summary>
    public required Share Success { get; init; }

    /// <summary>Durations in nanoseconds.</summary>
    public required Distribution Duration { get; init; }

    /// <summary>Queries by outcome, every outcome once, in the order of <see cref="QueryOutcome"/>.</summary>
    public required ImmutableArray<OutcomeCount> Outcomes { get; init; }

    /// <summary>One entry for every hour in which a query started, oldest first. Hours without queries are left out.</summary>
    public static ImmutableArray<HourlyFacts> Of(IEnumerable<QueryFacts> queries) =>
    [
        .. queries.GroupBy(static q => q.StartUnixNano / NanosecondsPerHour)
            .OrderBy(static group => group.Key)
            .Select(static group => OfHour(group.Key, [.. group])),
    ];

    private static HourlyFacts OfHour(ulong hour, IReadOnlyCollection<QueryFacts> queries) => new()
    {
        // 2^64 ns after 1970 is the year 2554: every hour of a 64-bit start is a valid date.
        Hour = DateTimeOffset.UnixEpoch.AddHours(hour),
        Queries = queries.Count,
        Success = OverviewFacts.SuccessOf(queries),
        Duration = Distribution.Of(queries.Select(static q => q.DurationNs)),
        Outcomes = OutcomeCount.Of(queries),
    };
}
