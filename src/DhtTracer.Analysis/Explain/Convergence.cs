using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>The nearest known peer from this time until the next step.</summary>
/// <param name="TimeNs">Nanoseconds after the query's start.</param>
/// <param name="Xor">Bit length of its distance to the key.</param>
/// <param name="PeerId">The peer.</param>
public sealed record ConvergenceStep(long TimeNs, int Xor, string PeerId);

/// <summary>The nearest peer within a number of hops.</summary>
/// <param name="Hops">The number of hops.</param>
/// <param name="Xor">Bit length of the distance of the nearest known peer with at most this many hops.</param>
/// <param name="PeerId">That peer.</param>
public sealed record ConvergenceHop(int Hops, int Xor, string PeerId);

/// <summary>How a lookup approached its key. Empty when the trace holds no distances.</summary>
public sealed record Convergence
{
    /// <summary>Best distance among the peers heard of, by time; only steps that improve it.</summary>
    public required ImmutableArray<ConvergenceStep> Known { get; init; }

    /// <summary>Best distance among the peers that had answered, by the time of the answer; only steps that improve it.</summary>
    public required ImmutableArray<ConvergenceStep> Answered { get; init; }

    /// <summary>Best distance by hops, one entry for each number of hops that some peer has.</summary>
    public required ImmutableArray<ConvergenceHop> ByHop { get; init; }

    /// <summary>The convergence of a query.</summary>
    public static Convergence Of(Query query)
    {
        var distances = KeyDistances.Of(query);
        var near = Enumerable
            .Range(0, query.Peers.Length)
            .Where(peer => query.Peers[peer].Xor is not null)
            .Select(peer => (Peer: query.Peers[peer], Rank: distances.Rank(peer)))
            .ToList();
        return new Convergence
        {
            Known = Improving(near.Select(static x => (At: x.Peer.HeardNs, x.Peer, x.Rank))),
            Answered = Improving(near.Select(static x => (At: FirstAnswer(x.Peer), x.Peer, x.Rank))),
            ByHop = ByHops(near),
        };
    }

    // Compares whole distances, not only bit lengths: two peers with the same XOR are rarely equally near.
    private static ImmutableArray<ConvergenceStep> Improving(IEnumerable<(long? At, QueryPeer Peer, int Rank)> peers)
    {
        var steps = ImmutableArray.CreateBuilder<ConvergenceStep>();
        var best = int.MaxValue;
        foreach (var (at, peer, rank) in peers.Where(static x => x.At is not null).OrderBy(static x => x.At).ThenBy(static x => x.Rank))
        {
            if (rank < best)
            {
                best = rank;
                steps.Add(new ConvergenceStep(at.GetValueOrDefault(), peer.Xor.GetValueOrDefault(), peer.Id));
            }
        }

        return steps.ToImmutable();
    }

    private static ImmutableArray<ConvergenceHop> ByHops(IEnumerable<(QueryPeer Peer, int Rank)> peers)
    {
        var hops = ImmutableArray.CreateBuilder<ConvergenceHop>();
        var best = int.MaxValue;
        foreach (
            var group in peers
                .Where(static x => x.Peer.Hops is not null)
                .GroupBy(static x => x.Peer.Hops.GetValueOrDefault())
                .OrderBy(static g => g.Key)
        )
        {
            var (peer, rank) = group.MinBy(static x => x.Rank);
            hops.Add(
                rank < best ? new ConvergenceHop(group.Key, peer.Xor.GetValueOrDefault(), peer.Id) : hops[^1] with { Hops = group.Key }
            );
            best = Math.Min(best, rank);
        }

        return hops.ToImmutable();
    }

    private static long? FirstAnswer(QueryPeer peer)
    {
        long? first = null;
        foreach (var request in peer.Requests)
        {
            if (
                request is { Outcome: RequestOutcome.Answered, DurationNs: { } duration }
                && (first is null || request.StartNs + duration < first)
            )
            {
                first = request.StartNs + duration;
            }
        }

        return first;
    }
}
