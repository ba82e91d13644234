using System.Collections.Immutable;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;

namespace DhtTracer.Storage.Alarms;

/// <summary>Watches one hour of an archive.</summary>
public static class HourReading
{
    private const ulong DayNs = 24 * HourSums.LengthNs;

    /// <summary>Operations of records of each kind that are looked at.</summary>
    private const int Records = 100;

    /// <summary>
    /// Compares an hour with the same hours of the week before, and saves the alarms that it raises and ends; null when the hour was
    /// watched before, also by another process.
    /// </summary>
    /// <param name="store">The archive, opened for writing.</param>
    /// <param name="hour">Start of the hour, in nanoseconds since 1970-01-01 UTC. It must be over.</param>
    /// <param name="cancellationToken">Stops reading; a write that has begun is completed.</param>
    public static async Task<AlarmChanges?> WatchAsync(TraceStore store, ulong hour, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var state = await store.ReadWatchAsync(hour - Math.Min(hour, 8 * DayNs), cancellationToken);
        if (state.Hours.Any(watched => watched.StartUnixNano == hour))
        {
            return null;
        }

        // An hour without lookups is compared with nothing.
        var present = await ReadAsync(store, hour, cancellationToken);
        var reference = new List<HourSums>();
        foreach (var earlier in present is { Types.IsEmpty: true, Peers.Count: 0 } ? [] : HourSums.SameHoursBefore(hour))
        {
            reference.Add(await ReadAsync(store, earlier, cancellationToken));
        }

        var window = hour - Math.Min(hour, (HourWatch.HoursOfRate - 1) * HourSums.LengthNs);
        var figures = HourWatch.Of(
            present,
            reference,
            (kind, subject, start) => state.Alarms.Any(alarm => WasOpen(alarm, kind, subject, start)),
            [
                .. state
                    .Hours.Where(watched => watched.StartUnixNano >= window && watched.StartUnixNano < hour)
                    .SelectMany(static watched => watched.PValues),
            ]
        );
        var open = state.Alarms.Where(static alarm => alarm.IsOpen).ToList();
        var changes = AlarmBook.Next(
            open,
            [
                .. figures.Findings,
                .. ConditionFindings.OfNetwork(await NetworkAsync(store, hour, cancellationToken), open),
                .. ConditionFindings.OfRecords(await RecordReading.ListAsync(store, RecordTimes.Amino, Records, cancellationToken), open),
            ],
            hour
        );
        return await store.SaveWatchAsync(new WatchedHour(hour, figures.PValues), [.. changes.All], cancellationToken) ? changes : null;
    }

    private static bool WasOpen(Alarm alarm, AlarmKind kind, string subject, ulong hour) =>
        alarm.Kind == kind && alarm.SinceUnixNano <= hour && (alarm.UntilUnixNano ?? ulong.MaxValue) > hour && alarm.Subject == subject;

    private static async Task<HourSums> ReadAsync(TraceStore store, ulong hour, CancellationToken cancellationToken)
    {
        var filter = new QueryFilter { FromUnixNano = hour, ToUnixNano = hour + HourSums.LengthNs };
        var types = ImmutableArray.CreateBuilder<TypeSums>();
        foreach (var type in Enum.GetValues<QueryType>())
        {
            using var operations = await store.ReadOperationsAsync(filter with { Type = type }, cancellationToken);
            if (operations.Count > 0)
            {
                types.Add(TypeSums.Of(type, operations));
            }
        }

        var lookups = await store.ReadNetworkAsync(filter with { Background = null }, cancellationToken: cancellationToken);
        return new HourSums(hour, types.ToImmutable(), lookups.Tally.PeerStates());
    }

    // The day that ends with the hour.
    private static async Task<NetworkReport> NetworkAsync(TraceStore store, ulong hour, CancellationToken cancellationToken)
    {
        var end = hour + HourSums.LengthNs;
        var filter = new QueryFilter
        {
            FromUnixNano = end - Math.Min(end, DayNs),
            ToUnixNano = end,
            Background = null,
        };
        return (await store.ReadNetworkAsync(filter, NetworkLookups.MostOperations, cancellationToken)).ToReport();
    }
}
