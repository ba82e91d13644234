using System.Buffers.Binary;
using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Explain;

/// <summary>What a replay predicts.</summary>
/// <param name="DurationNs">Predicted duration in nanoseconds, the median of the draws.</param>
/// <param name="LowNs">5th percentile of the draws; the same as the duration when nothing had to be drawn.</param>
/// <param name="HighNs">95th percentile of the draws.</param>
/// <param name="DrawnPeers">
/// Peers asked in the replay of which the trace does not show how long they take, on average over the draws. Their times are drawn from the
/// peers of the same query, and nobody knows whom they would have named.
/// </param>
/// <param name="TimeoutsStretched">
/// A timeout was made longer than the one that something ran into. It is taken to run into the longer one too, so the prediction is an upper bound.
/// </param>
public sealed record WhatIfPrediction(long DurationNs, long LowNs, long HighNs, double DrawnPeers, bool TimeoutsStretched);

/// <summary>
/// Replays a lookup from the latencies seen in it. Pure and deterministic: what has to be drawn is drawn from a generator seeded by the
/// query's id.
/// </summary>
public sealed class WhatIf
{
    /// <summary>With its own parameters the replay must come this near to the real duration, else nothing is predicted.</summary>
    public const double GreatestOwnError = 0.25;

    private const int Draws = 41;
    private readonly LookupRecord? record;
    private readonly ImmutableArray<PeerTiming> pool;
    private readonly ulong seed;

    private WhatIf(Query query)
    {
        var alpha = query.Parameters.Alpha ?? 10;
        Own = new WhatIfParameters { Alpha = alpha, Beta = query.Parameters.Beta ?? 3, K = query.Parameters.K ?? 20 };
        OwnAssumed = query.Parameters is { Alpha: null } or { Beta: null } or { K: null };
        (record, CannotSay) = LookupRecord.Read(query);
        pool = record is null ? [] : [.. record.Peers.Select(static peer => peer.Timing).OfType<PeerTiming>()];
        seed = BinaryPrimitives.ReadUInt64BigEndian(Convert.FromHexString(query.Id.SpanId.ToString()));
        if (record is null)
        {
            return;
        }

        OwnReplayNs = Run(record, Own).DurationNs;
        var duration = query.DurationNs.GetValueOrDefault();
        OwnError = duration == 0 ? null : (double)(OwnReplayNs.Value - duration) / duration;
        if (OwnError is null || Math.Abs(OwnError.Value) > GreatestOwnError)
        {
            CannotSay = "replayed with its own parameters it does not come near its real duration: the trace does not show what decided it";
        }
    }

    /// <summary>Why nothing can be predicted; null when it can.</summary>
    public string? CannotSay { get; }

    /// <summary>The query's own parameters.</summary>
    public WhatIfParameters Own { get; }

    /// <summary>Some of them are not in the trace: 10, 3 and 20 are assumed, as on the public DHT.</summary>
    public bool OwnAssumed { get; }

    /// <summary>Duration of the replay with its own parameters, in nanoseconds; null when it cannot be replayed at all.</summary>
    public long? OwnReplayNs { get; }

    /// <summary>How far that is off its real duration: 0.03 is 3 % too long, -0.03 too short; null when it cannot be replayed.</summary>
    public double? OwnError { get; }

    /// <summary>Prepares the replay of a query.</summary>
    public static WhatIf Of(Query query) => new(query);

    /// <summary>Replays with other parameters; null when nothing can be said, see <see cref="CannotSay"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public WhatIfPrediction? Predict(WhatIfParameters parameters)
    {
        parameters.Validate();
        return record is null || CannotSay is not null ? null : Run(record, parameters);
    }

    private WhatIfPrediction Run(LookupRecord lookup, WhatIfParameters parameters)
    {
        var durations = new List<long>(Draws);
        var drawn = 0;
        var anyStretched = false;
        for (var i = 0; i < Draws; i++)
        {
            var random = new SplitMix64(seed + (ulong)i);
            var before = drawn;
            durations.Add(LookupReplay.Run(lookup, parameters, peer =>
            {
                drawn += peer.Timing is null ? 1 : 0;
                var timing = (peer.Timing ?? Draw(peer.UnderWayNs, ref random)).Under(parameters, out var stretched);
                anyStretched |= stretched;
                return timing;
            }));
            if (drawn == before)
            {
                break;
            }
        }

        var sorted = durations.Order().ToArray();
        return new WhatIfPrediction(
            Percentile.Of(sorted, 50), Percentile.Of(sorted, 5), Percentile.Of(sorted, 95), (double)drawn / sorted.Length, anyStretched);
    }

    // A peer that was under way for some time when it was taken back takes longer than that.
    private PeerTiming Draw(long longerThanNs, ref SplitMix64 random)
    {
        var possible = longerThanNs == 0 ? pool : [.. pool.Where(timing => timing.TotalNs > longerThanNs)];
        if (!possible.IsEmpty)
        {
            return possible[random.Next(possible.Length)];
        }

        var any = pool[random.Next(pool.Length)];
        return any with { GapNs = any.GapNs + longerThanNs };
    }
}
