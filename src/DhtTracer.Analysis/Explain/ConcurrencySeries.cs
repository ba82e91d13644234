using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>The dials and requests in flight from this time until the next step.</summary>
/// <param name="TimeNs">Nanoseconds after the query's start.</param>
/// <param name="Peers">Peers being dialed or asked, which alpha limits. A peer also counts between its dial and its request.</param>
/// <param name="Dials">New connections being made.</param>
/// <param name="Requests">Requests under way.</param>
public readonly record struct ConcurrencyStep(long TimeNs, int Peers, int Dials, int Requests);

/// <summary>Dials and requests in flight over the time of a query.</summary>
public sealed record ConcurrencySeries
{
    /// <summary>One step for each time at which something changed, in ascending order; the first is at time 0.</summary>
    public required ImmutableArray<ConcurrencyStep> Steps { get; init; }

    /// <summary>The limit of peers in flight; null when the trace does not hold it.</summary>
    public required int? Alpha { get; init; }

    /// <summary>The most peers in flight at once.</summary>
    public required int Most { get; init; }

    /// <summary>Share of the duration, 0 to 1, with fewer than alpha peers in flight; null without alpha or without an end.</summary>
    public required double? BelowAlphaShare { get; init; }

    /// <summary>The trace does not separate dials from requests: a request includes its dial (js-libp2p).</summary>
    public required bool DialsInRequests { get; init; }

    /// <summary>The series of a query. Dials and requests without an end count until the query's end.</summary>
    public static ConcurrencySeries Of(Query query) => Of(query, PeerActivity.Of(query));

    internal static ConcurrencySeries Of(Query query, ImmutableArray<PeerActivity> activities)
    {
        var end = query.DurationNs ?? activities.Select(static a => a.EndNs ?? a.StartNs).Append(0).Max();
        var changes = new List<ConcurrencyStep>((activities.Length * 4) + 1) { default };
        foreach (var activity in activities)
        {
            var (start, stop) = Clamp(activity.StartNs, activity.EndNs, end);
            Change(
                start,
                stop,
                new ConcurrencyStep(0, 0, activity.Kind == PeerActivityKind.Dial ? 1 : 0, activity.Kind == PeerActivityKind.Dial ? 0 : 1)
            );
        }

        foreach (var (startNs, endNs) in Places(activities))
        {
            var (start, stop) = Clamp(startNs, endNs, end);
            Change(start, stop, new ConcurrencyStep(0, 1, 0, 0));
        }

        changes.Sort(static (left, right) => left.TimeNs.CompareTo(right.TimeNs));
        var steps = ImmutableArray.CreateBuilder<ConcurrencyStep>(changes.Count);
        var now = default(ConcurrencyStep);
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            now = new ConcurrencyStep(change.TimeNs, now.Peers + change.Peers, now.Dials + change.Dials, now.Requests + change.Requests);
            if (i + 1 == changes.Count || changes[i + 1].TimeNs != change.TimeNs)
            {
                steps.Add(now);
            }
        }

        var series = steps.ToImmutable();
        return new ConcurrencySeries
        {
            Steps = series,
            Alpha = query.Parameters.Alpha,
            Most = series.Max(static step => step.Peers),
            BelowAlphaShare = Below(series, query.Parameters.Alpha, query.DurationNs),
            DialsInRequests = activities.Any(static a => a.Kind == PeerActivityKind.DialAndRequest),
        };

        void Change(long start, long stop, ConcurrencyStep by)
        {
            if (stop > start)
            {
                changes.Add(by with { TimeNs = start });
                changes.Add(new ConcurrencyStep(stop, -by.Peers, -by.Dials, -by.Requests));
            }
        }
    }

    /// <summary>Peers in flight just before a time.</summary>
    internal int Before(long timeNs)
    {
        var low = 0;
        var high = Steps.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Steps[middle].TimeNs < timeNs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : Steps[low - 1].Peers;
    }

    // A dial and the first request of a peer share one alpha slot; each later request takes a slot of its own.
    private static IEnumerable<(long StartNs, long? EndNs)> Places(ImmutableArray<PeerActivity> activities)
    {
        for (var i = 0; i < activities.Length; i++)
        {
            var activity = activities[i];
            if (
                activity.Kind == PeerActivityKind.Dial
                && i + 1 < activities.Length
                && activities[i + 1].Peer == activity.Peer
                && activities[i + 1].StartNs >= activity.StartNs
            )
            {
                i++;
                yield return (activity.StartNs, activities[i].EndNs);
            }
            else
            {
                yield return (activity.StartNs, activity.EndNs);
            }
        }
    }

    private static (long Start, long Stop) Clamp(long start, long? stop, long end) =>
        (Math.Clamp(start, 0, end), Math.Clamp(stop ?? end, 0, end));

    private static double? Below(ImmutableArray<ConcurrencyStep> steps, int? alpha, long? duration)
    {
        if (alpha is null || duration is not > 0)
        {
            return null;
        }

        var below = 0L;
        for (var i = 0; i < steps.Length; i++)
        {
            var until = i + 1 < steps.Length ? steps[i + 1].TimeNs : duration.Value;
            below += steps[i].Peers < alpha ? until - steps[i].TimeNs : 0;
        }

        return (double)below / duration.Value;
    }
}
