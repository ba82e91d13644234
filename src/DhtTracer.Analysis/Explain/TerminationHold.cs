using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain;

/// <summary>A peer near the key that the lookup had to hear from, or give up, before it could end.</summary>
/// <param name="PeerId">The peer.</param>
/// <param name="Xor">Bit length of its distance to the key; null when unknown.</param>
/// <param name="State">How far it got.</param>
/// <param name="Answered">It answered, and is one of the beta closest; otherwise it was nearer and had to fail first.</param>
/// <param name="SettledNs">When it had answered or failed, in nanoseconds after the query's start.</param>
/// <param name="HeldNs">
/// Nanoseconds that this peer alone added: how much earlier the rest was settled, or the answer known where that was later.
/// </param>
public sealed record HoldingPeer(string PeerId, int? Xor, PeerState State, bool Answered, long SettledNs, long HeldNs);

/// <summary>
/// Which of the beta closest peers held back the termination of a lookup. Only peers that were not settled yet when the answer was known
/// are listed: the others held back nothing.
/// </summary>
public sealed record TerminationHold
{
    /// <summary>Closest peers that must have answered before the end.</summary>
    public required int Beta { get; init; }

    /// <summary>The trace does not tell beta; 3 is what go-libp2p and this node use.</summary>
    public required bool BetaAssumed { get; init; }

    /// <summary>
    /// Of the beta closest, and the nearer ones that failed, those that were settled after the answer was known; last settled first. When
    /// it is unknown since when the answer was known, those that alone added time.
    /// </summary>
    public required ImmutableArray<HoldingPeer> Peers { get; init; }

    /// <summary>
    /// The hold of a lookup that ran to completion; null for one that ended otherwise, whose key is unknown, or whose rules are not
    /// these (js-libp2p, the 2019 log).
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

    // The first answer counts, or else the last failure. A peer that was taken back or never asked settled nothing, and neither did what
    // ended after the lookup had stopped.
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
