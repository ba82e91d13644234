using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>A peer in the tree of who named whom.</summary>
public sealed record PathNode
{
    /// <summary>Peer id in base58.</summary>
    public required string PeerId { get; init; }

    /// <summary>Index of the peer that first named it; null for a seed, or when the trace does not show it.</summary>
    public required int? Parent { get; init; }

    /// <summary>The parent is only the trigger of the request; no known answer named this peer.</summary>
    public required bool ParentInferred { get; init; }

    /// <summary>Number of edges to the root of its tree.</summary>
    public required int Depth { get; init; }

    /// <summary>The same hops as in the peer's row; null when unknown.</summary>
    public required int? Hops { get; init; }

    /// <summary>Bit length of its distance to the key; null when unknown.</summary>
    public required int? Xor { get; init; }

    /// <summary>How far it got.</summary>
    public required PeerState State { get; init; }

    /// <summary>
    /// Its position on the ring of ids: its Kademlia id divided by 2^256, from 0 to below 1; null when its id cannot be read.
    /// </summary>
    public required double? Angle { get; init; }

    /// <summary>Number of peers that it was the first to name.</summary>
    public required int Named { get; init; }

    /// <summary>The peer is on the critical path: the query waited for it.</summary>
    public required bool OnCriticalPath { get; init; }
}

/// <summary>Which peer named which in a query, and their positions on the ring of ids.</summary>
public sealed record PathTree
{
    /// <summary>
    /// One node for each peer of the query, in the query's order. A parent comes after its child only in a trace that contradicts itself.
    /// </summary>
    public required ImmutableArray<PathNode> Nodes { get; init; }

    /// <summary>The key's position on the ring, 0 to 1; null when the key is unknown.</summary>
    public required double? TargetAngle { get; init; }

    /// <summary>The tree of a query.</summary>
    public static PathTree Of(Query query)
    {
        var distances = KeyDistances.Of(query);
        var path = CriticalPath.Of(query);
        var onPath = path is null ? [] : path.Peers.ToHashSet(StringComparer.Ordinal);
        var parents = Parents(query);
        var named = new int[parents.Length];
        foreach (var parent in parents)
        {
            if (parent is { } index)
            {
                named[index]++;
            }
        }

        return new PathTree
        {
            TargetAngle = distances.TargetAngle,
            Nodes =
            [
                .. query.Peers.Select(
                    (peer, i) =>
                        new PathNode
                        {
                            PeerId = peer.Id,
                            Parent = parents[i],
                            ParentInferred = parents[i] is not null && peer.ReferrerInferred,
                            Depth = Depth(parents, i),
                            Hops = peer.Hops,
                            Xor = peer.Xor,
                            State = peer.State,
                            Angle = distances.Angle(i),
                            Named = named[i],
                            OnCriticalPath = onPath.Contains(peer.Id),
                        }
                ),
            ],
        };
    }

    // A referrer without a row is no parent. If peers named each other in a circle, the edge that closes the circle is dropped.
    private static int?[] Parents(Query query)
    {
        var byId = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < query.Peers.Length; i++)
        {
            _ = byId.TryAdd(query.Peers[i].Id, i);
        }

        var parents = new int?[query.Peers.Length];
        for (var i = 0; i < parents.Length; i++)
        {
            if (query.Peers[i].Referrer is { } referrer && byId.TryGetValue(referrer, out var parent) && !Reaches(parents, parent, i))
            {
                parents[i] = parent;
            }
        }

        return parents;
    }

    private static bool Reaches(int?[] parents, int from, int to)
    {
        for (int? node = from; node is { } index; node = parents[index])
        {
            if (index == to)
            {
                return true;
            }
        }

        return false;
    }

    private static int Depth(int?[] parents, int node)
    {
        var depth = 0;
        while (parents[node] is { } parent)
        {
            node = parent;
            depth++;
        }

        return depth;
    }
}
