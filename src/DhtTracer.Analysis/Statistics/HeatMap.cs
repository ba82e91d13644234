using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>A grid of days and hours in UTC. Each cell holds the queries that started in that hour.</summary>
public sealed record HeatMap
{
    /// <summary>The days from the first to the last with queries, oldest first; at most the latest <see cref="DayLimit"/>.</summary>
    public required ImmutableArray<HeatMapDay> Days { get; init; }

    /// <summary>Least median duration of a cell, in nanoseconds, for the colour scale; null when no cell has one.</summary>
    public long? LeastMedianNs { get; init; }

    /// <summary>Greatest median duration of a cell, in nanoseconds; null when no cell has one.</summary>
    public long? GreatestMedianNs { get; init; }

    /// <summary>Most days that are drawn.</summary>
    public const int DayLimit = 92;

    /// <summary>Arranges hours into days.</summary>
    public static HeatMap Of(IReadOnlyCollection<PeriodFacts> hours)
    {
        if (hours.Count == 0)
        {
            return new HeatMap { Days = [] };
        }

        var byHour = hours.ToDictionary(static hour => hour.Start);
        var last = DateOnly.FromDateTime(hours.Max(static hour => hour.Start).UtcDateTime);
        var first = DateOnly.FromDateTime(hours.Min(static hour => hour.Start).UtcDateTime);
        if (last.DayNumber - first.DayNumber >= DayLimit)
        {
            first = last.AddDays(1 - DayLimit);
        }

        var days = ImmutableArray.CreateBuilder<HeatMapDay>();
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            var midnight = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero);
            days.Add(new HeatMapDay(day, [.. Enumerable.Range(0, 24).Select(hour => byHour.GetValueOrDefault(midnight.AddHours(hour)))]));
        }

        var medians = days.SelectMany(static day => day.Hours).Select(static hour => hour?.Duration.P50?.Value).OfType<long>().ToList();
        return new HeatMap
        {
            Days = days.ToImmutable(),
            LeastMedianNs = medians.Count == 0 ? null : medians.Min(),
            GreatestMedianNs = medians.Count == 0 ? null : medians.Max(),
        };
    }
}

/// <summary>A row of the grid.</summary>
/// <param name="Day">The day, UTC.</param>
/// <param name="Hours">24 cells; null where no query started.</param>
public sealed record HeatMapDay(DateOnly Day, ImmutableArray<PeriodFacts?> Hours);
