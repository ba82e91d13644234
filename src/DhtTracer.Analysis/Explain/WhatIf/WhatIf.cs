using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
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
/// A timeout was made longer than the one that something ran into. It is taken to run into the longer one too, so the prediction is an
/// upper bound.
/// </param>
/// <param name="HiddenSeeds">
/// With a greater alpha the lookup would have begun with more peers of its routing table than the trace shows; the prediction does without
/// them.
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
/// Replays a lookup from the latencies seen in it. Pure and deterministic: what has to be drawn is drawn from a generator seeded by the
/// query's id.
/// </summary>
public sealed class WhatIf
{
    /// <summary>
    /// With its own parameters the replay must come this near to the real duration: 5 %. One that misses it does not reproduce the
    /// lookup, and nothing is predicted.
    /// </summary>
    public const double GreatestOwnError = 0.05;

    private const int Draws = 41;

    /// <summary>What go-libp2p-kad-dht and the public DHT use where the trace does not tell.</summary>
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
                $"the replay does not reproduce it: with its own parameters it takes {DurationText.Of(OwnReplayNs)}, not {DurationText.Of(duration)}, so the trace does not show what decided it"
            );
        }
    }

    /// <summary>Why nothing can be predicted; null when it can.</summary>
    public string? CannotSay { get; }

    /// <summary>It can be replayed, but the replay with its own parameters misses its real duration by more than
    /// <see cref="GreatestOwnError"/>.</summary>
    public bool DoesNotReproduce { get; }

    /// <summary>The query's own parameters.</summary>
    public WhatIfParameters Own { get; }

    /// <summary>
    /// Those of alpha, beta and k that are not in the trace and do not follow from it. They are taken as on the public DHT (10, 3 and 20),
    /// beta within what the lookup's end allows.
    /// </summary>
    public ImmutableArray<string> Assumed { get; }

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
        return CannotSay is null ? Run(parameters, []) : null;
    }

    /// <summary>
    /// Replays with the query's own parameters as if some peers had failed at once, without taking any time; null when nothing can be said.
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
