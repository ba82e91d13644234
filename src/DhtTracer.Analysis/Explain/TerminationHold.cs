using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Explain;

/// <summary>A peer near the key that had to answer or fail before the lookup could end.</summary>
/// <param name="PeerId">The peer.</param>
/// <param name="Xor">Bit length of its distance to the key; null when unknown.</param>
/// <param name="State">How far it got.</param>
/// <param name="Answered">True when it answered: it is one of the beta closest. False when it was nearer and had to fail first.</param>
/// <param name="SettledNs">When it answered or failed, in nanoseconds after the query's start.</param>
/// <param name="HeldNs">
/// Nanoseconds that this peer alone added: from the time when the others were settled, or the answer was known if that is later.
/// </param>
public sealed record HoldingPeer(string PeerId, int? Xor, PeerState State, bool Answered, long SettledNs, long HeldNs);

/// <summary>
/// The peers among the beta closest that delayed the termination of a lookup. Only peers that were unsettled when the answer was known are
/// listed; the others delayed nothing.
/// </summary>
public sealed record TerminationHold
{
    /// <summary>Number of closest peers that must have answered before the end.</summary>
    public required int Beta { get; init; }

    /// <summary>The trace does not hold beta. 3 is assumed, which go-libp2p and this node use.</summary>
    public required bool BetaAssumed { get; init; }

    /// <summary>
    /// The peers that settled after the answer was known, last settled first: of the beta closest and of the nearer peers that failed. If
    /// the discovery time is unknown, the peers that alone added time.
    /// </summary>
    public required ImmutableArray<HoldingPeer> Peers { get; init; }

    /// <summary>
    /// The hold of a lookup that ran to completion. Null if the lookup ended in another way, if its key is unknown, or if its source has
    /// other rules (js-libp2p, the 2019 log).
    /// </summary>
    public static TerminationHold? Of(Query query) => Of(query, KeyDistances.Of(query));

    internal static TerminationHold? Of(Query query, KeyDistances distances)
    {
        var beta = query.Parameters.Beta ?? (query.Source is TraceSource.Native or TraceSource.GoKadDht ? 3 : null);
        if (beta is not > 0 || query.Termination != QueryTermination.Completed)
        {
            return null;
        }

        var settled = new List<(int Peer, bool Answered, long At)>();
        foreach (var index in distances.Nearest)
        {
            if (Settled(query.Peers[index], query.TerminatedNs ?? long.MaxValue) is not { } end)
            {
                continue;
            }

            settled.Add((index, end.Answered, end.AtNs));
            if (settled.Count(static peer => peer.Answered) == beta)
            {
                break;
            }
        }

        if (settled.Count == 0)
        {
            return null;
        }

        settled.Sort(static (x, y) => y.At != x.At ? y.At.CompareTo(x.At) : x.Peer.CompareTo(y.Peer));
        return new TerminationHold
        {
            Beta = beta.Value,
            BetaAssumed = query.Parameters.Beta is null,
            Peers =
            [
                .. settled
                    .Select(
                        (item, i) =>
                            new HoldingPeer(
                                query.Peers[item.Peer].Id,
                                query.Peers[item.Peer].Xor,
                                query.Peers[item.Peer].State,
                                item.Answered,
                                item.At,
                                item.At
                                    - Math.Max(
                                        i + 1 < settled.Count ? settled[i + 1].At : query.DiscoveryNs ?? item.At,
                                        query.DiscoveryNs ?? 0
                                    )
                            )
                    )
                    .Where(holder => query.DiscoveryNs is { } discovery ? holder.SettledNs > discovery : holder.HeldNs > 0),
            ],
        };
    }

    // The first answer counts, or else the last failure. A peer that was cancelled or never asked settled nothing. What ended after the
    // lookup had stopped does not count.
    private static (bool Answered, long AtNs)? Settled(QueryPeer peer, long terminatedNs)
    {
        long? failed =
            peer.Dial is { Error: { Class: not ErrorClass.Cancelled }, DurationNs: { } dial } ? peer.Dial.StartNs + dial
            : peer is { State: PeerState.DialFailed, Dial: { DurationNs: { } silent } } ? peer.Dial.StartNs + silent
            : null;
        foreach (var request in peer.Requests)
        {
            if (request.Type is MessageType.PutValue or MessageType.AddProvider || request.EndNs is not { } ended || ended > terminatedNs)
            {
                continue;
            }

            if (request.Outcome == RequestOutcome.Answered)
            {
                return (true, ended);
            }

            if (request.Outcome == RequestOutcome.Failed)
            {
                failed = ended;
            }
        }

        return failed is { } at && at <= terminatedNs ? (false, at) : null;
    }
}
