using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain;

/// <summary>From this time on the nearest peer known was so near.</summary>
/// <param name="TimeNs">Nanoseconds after the query's start.</param>
/// <param name="Xor">Bit length of its distance to the key.</param>
/// <param name="PeerId">The peer.</param>
public sealed record ConvergenceStep(long TimeNs, int Xor, string PeerId);

/// <summary>The nearest peer of a hop count or fewer.</summary>
/// <param name="Hops">Hops.</param>
/// <param name="Xor">Bit length of the distance of the nearest peer known with at most these hops.</param>
/// <param name="PeerId">That peer.</param>
public sealed record ConvergenceHop(int Hops, int Xor, string PeerId);

/// <summary>How a lookup drew near to its key. Empty where the trace does not tell distances.</summary>
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
        var near = query.Peers.Where(static peer => peer.Xor is not null).ToList();
        return new Convergence
        {
            Known = Improving(near.Where(static peer => peer.HeardNs is not null).Select(static peer => (peer.HeardNs.GetValueOrDefault(), peer))),
            Answered = Improving(near.Select(static peer => (At: FirstAnswer(peer), Peer: peer)).Where(static x => x.At is not null).Select(static x => (x.At.GetValueOrDefault(), x.Peer))),
            ByHop = ByHops(near),
        };
    }

    private static ImmutableArray<ConvergenceStep> Improving(IEnumerable<(long At, QueryPeer Peer)> peers)
    {
        var steps = ImmutableArray.CreateBuilder<ConvergenceStep>();
        foreach (var (at, peer) in peers.OrderBy(static x => x.At).ThenBy(static x => x.Peer.Xor).ThenBy(static x => x.Peer.Id, StringComparer.Ordinal))
        {
            var xor = peer.Xor.GetValueOrDefault();
            if (steps.Count == 0 || xor < steps[^1].Xor)
            {
                steps.Add(new ConvergenceStep(at, xor, peer.Id));
            }
        }

        return steps.ToImmutable();
    }

    private static ImmutableArray<ConvergenceHop> ByHops(IEnumerable<QueryPeer> peers)
    {
        var hops = ImmutableArray.CreateBuilder<ConvergenceHop>();
        foreach (var group in peers.Where(static peer => peer.Hops is not null).GroupBy(static peer => peer.Hops.GetValueOrDefault()).OrderBy(static g => g.Key))
        {
            var best = group.OrderBy(static peer => peer.Xor).ThenBy(static peer => peer.Id, StringComparer.Ordinal).First();
            hops.Add(hops.Count > 0 && hops[^1].Xor <= best.Xor
                ? hops[^1] with { Hops = group.Key }
                : new ConvergenceHop(group.Key, best.Xor.GetValueOrDefault(), best.Id));
        }

        return hops.ToImmutable();
    }

    private static long? FirstAnswer(QueryPeer peer)
    {
        long? first = null;
        foreach (var request in peer.Requests)
        {
            if (request is { Outcome: RequestOutcome.Answered, DurationNs: { } duration } && (first is null || request.StartNs + duration < first))
            {
                first = request.StartNs + duration;
            }
        }

        return first;
    }
}
