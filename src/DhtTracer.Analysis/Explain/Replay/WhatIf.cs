using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>What a replay predicts.</summary>
/// <param name="DurationNs">Predicted duration in nanoseconds, the median of the draws.</param>
/// <param name="LowNs">5th percentile of the draws; the same as the duration when nothing had to be drawn.</param>
/// <param name="HighNs">95th percentile of the draws.</param>
/// <param name="DrawnPeers">
/// Number of peers asked in the replay whose timing is not in the trace, averaged over the draws. Their timings are drawn from other peers
/// of the same query, and nobody knows which peers they would have named.
/// </param>
/// <param name="TimeoutsStretched">
/// A timeout was made longer for something that had timed out. The replay assumes that it times out again, so the prediction is an upper
/// bound.
/// </param>
/// <param name="HiddenSeeds">
/// With a greater alpha the lookup would have begun with more peers of its routing table than the trace shows. The prediction leaves them
/// out.
/// </param>
public sealed record WhatIfPrediction(
    long DurationNs,
    long LowNs,
    long HighNs,
    double DrawnPeers,
    bool TimeoutsStretched,
    bool HiddenSeeds
);

/// <summary>
/// Replays a lookup with the latencies seen in it. Pure and deterministic: random draws use a generator seeded by the query's id.
/// </summary>
public sealed class WhatIf
{
    /// <summary>
    /// With its own parameters the replay must come within 5 % of the real duration. Otherwise it does not reproduce the lookup, and
    /// nothing is predicted.
    /// </summary>
    public const double GreatestOwnError = 0.05;

    private const int Draws = 41;

    /// <summary>Parameters of go-libp2p-kad-dht on the public DHT, used where the trace does not hold them.</summary>
    private static readonly WhatIfParameters Usual = new()
    {
        Alpha = 10,
        Beta = 3,
        K = 20,
    };

    private static readonly PeerTiming AtOnce = new(0, 0, true, false, 0, 0, false, false);

    private readonly Query _query;
    private readonly LookupRecord? _record;
    private readonly GoLookupRecord? _go;
    private readonly ImmutableArray<PeerTiming> _pool;
    private readonly ulong _seed;

    private WhatIf(Query query)
    {
        _query = query;
        if (query.Source is TraceSource.GoKadDht or TraceSource.GoKadDhtAndKuboEvents or TraceSource.KuboEvents)
        {
            (_go, CannotSay) = GoLookupReader.Read(query);
        }
        else
        {
            (_record, CannotSay) = LookupRecord.Read(query);
        }

        Own = new WhatIfParameters
        {
            Alpha = query.Parameters.Alpha ?? Usual.Alpha,
            Beta = query.Parameters.Beta ?? (_go is null ? Usual.Beta : Math.Clamp(Usual.Beta, _go.Beta.Least, _go.Beta.Most)),
            K = Math.Max(query.Parameters.K ?? Usual.K, _go?.LeastK ?? 1),
        };
        Assumed =
        [
            .. new[]
            {
                query.Parameters.Alpha is null ? "alpha" : null,
                query.Parameters.Beta is null && !(_go is { } lookup && lookup.Beta.Least == lookup.Beta.Most) ? "beta" : null,
                query.Parameters.K is null ? "k" : null,
            }.OfType<string>(),
        ];
        _pool =
            _record is not null ? [.. _record.Peers.Select(static peer => peer.Timing).OfType<PeerTiming>()]
            : _go is not null ? [.. _go.Peers.Select(static peer => peer.Ask).OfType<PeerTiming>()]
            : [];
        _seed = BinaryPrimitives.ReadUInt64BigEndian(Convert.FromHexString(query.Id.SpanId.ToString()));
        if (CannotSay is not null)
        {
            return;
        }

        OwnReplayNs = Run(Own, []).DurationNs;
        var duration = query.DurationNs.GetValueOrDefault();
        OwnError = duration == 0 ? null : (double)(OwnReplayNs.Value - duration) / duration;
        if (OwnError is null)
        {
            CannotSay = "it took no time";
        }
        else if (Math.Abs(OwnError.Value) > GreatestOwnError)
        {
            DoesNotReproduce = true;
            CannotSay = string.Create(
                CultureInfo.InvariantCulture,
                $"the replay does not reproduce it: with its own parameters it takes {DurationText.Of(OwnReplayNs)}, "
                    + $"not {DurationText.Of(duration)}, so the trace does not show what decided it"
            );
        }
    }

    /// <summary>Why no prediction is possible; null when it is.</summary>
    public string? CannotSay { get; }

    /// <summary>
    /// The lookup can be replayed, but with its own parameters the replay misses the real duration by more than
    /// <see cref="GreatestOwnError"/>.
    /// </summary>
    public bool DoesNotReproduce { get; }

    /// <summary>The query's own parameters.</summary>
    public WhatIfParameters Own { get; }

    /// <summary>
    /// The names of those of alpha, beta and k that the trace neither holds nor implies. They are assumed to be those of the public DHT
    /// (10, 3 and 20), with beta limited to the range that the end of the lookup allows.
    /// </summary>
    public ImmutableArray<string> Assumed { get; }

    /// <summary>Duration of the replay with the query's own parameters, in nanoseconds; null when the query cannot be replayed.</summary>
    public long? OwnReplayNs { get; }

    /// <summary>
    /// Relative error of <see cref="OwnReplayNs"/>: 0.03 is 3 % too long, -0.03 is 3 % too short; null when it cannot be replayed.
    /// </summary>
    public double? OwnError { get; }

    /// <summary>Prepares the replay of a query.</summary>
    public static WhatIf Of(Query query) => new(query);

    /// <summary>Replays with other parameters; null when no prediction is possible, see <see cref="CannotSay"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public WhatIfPrediction? Predict(WhatIfParameters parameters)
    {
        parameters.Validate();
        return CannotSay is null ? Run(parameters, []) : null;
    }

    /// <summary>
    /// Replays with the query's own parameters as if these peers had failed immediately; null when no prediction is possible.
    /// </summary>
    /// <param name="peerIds">The peers, in base58.</param>
    public WhatIfPrediction? Without(IEnumerable<string> peerIds) =>
        CannotSay is null ? Run(Own, peerIds.ToHashSet(StringComparer.Ordinal)) : null;

    private WhatIfPrediction Run(WhatIfParameters parameters, HashSet<string> without)
    {
        var gone = new bool[_query.Peers.Length];
        if (without.Count > 0)
        {
            var nearest = KeyDistances.Of(_query).Nearest;
            for (var rank = 0; rank < nearest.Length; rank++)
            {
                gone[rank] = without.Contains(_query.Peers[nearest[rank]].Id);
            }
        }

        var durations = new List<long>(Draws);
        var drawn = 0;
        var anyStretched = false;
        for (var i = 0; i < Draws; i++)
        {
            var random = new SplitMix64(_seed + (ulong)i);
            var before = drawn;
            durations.Add(
                _go is not null
                    ? GoLookupReplay.Run(
                        _go,
                        parameters,
                        (rank, again) =>
                            again ? Take(rank, _go.Peers[rank].FollowUp, null) : Take(rank, _go.Peers[rank].Ask, _go.Peers[rank].CutOff)
                    )
                    : LookupReplay.Run(_record!, parameters, peer => Take(peer.Rank, peer.Timing, peer.CutOff))
            );
            if (drawn == before)
            {
                break;
            }

            PeerTiming Take(int rank, PeerTiming? known, CutOff? cutOff)
            {
                if (gone[rank])
                {
                    return AtOnce;
                }

                drawn += known is null ? 1 : 0;
                var timing = (known ?? Draw(cutOff, ref random)).Under(parameters, out var stretched);
                anyStretched |= stretched;
                return timing;
            }
        }

        var sorted = durations.Order().ToArray();
        return new WhatIfPrediction(
            Percentile.Of(sorted, 50),
            Percentile.Of(sorted, 5),
            Percentile.Of(sorted, 95),
            (double)drawn / sorted.Length,
            anyStretched,
            parameters.Alpha > Own.Alpha && _go is { HasHiddenSeeds: true }
        );
    }

    private PeerTiming Draw(CutOff? cutOff, ref SplitMix64 random)
    {
        var generator = random;
        var drawn = cutOff?.Complete(_pool, count => generator.Next(count)) ?? _pool[generator.Next(_pool.Length)];
        random = generator;
        return drawn;
    }
}
