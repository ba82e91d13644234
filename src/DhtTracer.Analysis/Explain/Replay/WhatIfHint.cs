using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>
/// The one change that is worth trying: a shorter timeout, if the query spent much of its time on timeouts. The timeout is long enough for
/// everything that succeeded in this query.
/// </summary>
internal static class WhatIfHint
{
    /// <summary>A query with more peers is not replayed, because a hint is not worth the time.</summary>
    private const int MostPeers = 2_000;

    /// <summary>Timeouts must have cost at least this share of the duration.</summary>
    private const double WorthTrying = 0.15;

    /// <summary>The prediction, at its worst, must save at least this share of the duration.</summary>
    private const double LeastGain = 0.1;

    /// <summary>Largest allowed share of peers whose timing must be drawn.</summary>
    private const double MostDrawn = 0.02;

    /// <summary>A timeout must be at least this many times the duration of everything that succeeded.</summary>
    private const double Margin = 1.5;

    private static readonly long[] TimeoutsNs =
    [
        10_000_000_000,
        5_000_000_000,
        3_000_000_000,
        2_000_000_000,
        1_000_000_000,
        500_000_000,
        200_000_000,
        100_000_000,
    ];

    /// <summary>The hint, without a full stop; null when there is none.</summary>
    public static string? Of(Query query, ImmutableArray<Blame> blames)
    {
        var worst = blames.FirstOrDefault(static blame =>
            blame
                is { Kind: BlameKind.FailedDials, ErrorClass: ErrorClass.DialTimeout }
                    or { Kind: BlameKind.FailedRequests, ErrorClass: ErrorClass.RequestTimeout }
        );
        if (worst is null || worst.Share < WorthTrying || query.Peers.Length > MostPeers)
        {
            return null;
        }

        var dials = worst.Kind == BlameKind.FailedDials;
        if (Timeout(dials ? Dials(query) : Requests(query)) is not { } timeout)
        {
            return null;
        }

        var replay = WhatIf.Of(query);
        var own = replay.Own;
        var prediction = replay.Predict(dials ? own with { DialTimeoutNs = timeout } : own with { RequestTimeoutNs = timeout });
        return
            prediction is not null
            && prediction.DrawnPeers <= query.Peers.Length * MostDrawn
            && prediction.HighNs <= query.DurationNs * (1 - LeastGain)
            ? $"With a {(dials ? "dial" : "request")} timeout of {DurationText.Of(timeout)}: about {DurationText.Of(prediction.DurationNs)}"
            : null;
    }

    // The longest round timeout that is shorter than the one seen; null when something that succeeded took too long for any.
    private static long? Timeout(IEnumerable<(long DurationNs, bool TimedOut)> times)
    {
        var (slowest, seen) = (0L, long.MaxValue);
        foreach (var (duration, timedOut) in times)
        {
            if (timedOut)
            {
                seen = Math.Min(seen, duration);
            }
            else
            {
                slowest = Math.Max(slowest, duration);
            }
        }

        foreach (var timeout in TimeoutsNs)
        {
            if (timeout <= seen / 2)
            {
                return timeout >= slowest * Margin ? timeout : null;
            }
        }

        return null;
    }

    private static IEnumerable<(long DurationNs, bool TimedOut)> Dials(Query query) =>
        query
            .Peers.Select(static peer => peer.Dial)
            .Where(static dial => dial is { DurationNs: not null } and ({ Error: null } or { Error.Class: ErrorClass.DialTimeout }))
            .Select(static dial => (dial!.DurationNs.GetValueOrDefault(), dial.Error is not null));

    private static IEnumerable<(long DurationNs, bool TimedOut)> Requests(Query query) =>
        query
            .Peers.SelectMany(static peer => peer.Requests)
            .Where(static request =>
                request is { DurationNs: not null } and ({ Outcome: RequestOutcome.Answered } or { Error.Class: ErrorClass.RequestTimeout })
            )
            .Select(static request => (request.DurationNs.GetValueOrDefault(), request.Outcome != RequestOutcome.Answered));
}
