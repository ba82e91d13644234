using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>What Kubo reported of the peers that it was connected to when a command ended: agents and round-trip times.</summary>
internal sealed class KuboConnectedPeers
{
    private readonly Dictionary<string, (string? Agent, long? LatencyNs)> _peers = new(StringComparer.Ordinal);

    private KuboConnectedPeers() { }

    /// <summary>Reads the root of a stream; empty when the root never arrived, or when nobody asked the daemon.</summary>
    public static KuboConnectedPeers Of(Span? root)
    {
        var connected = new KuboConnectedPeers();
        var ids = root?.Strings(KuboEventNames.Connected) ?? [];
        var agents = root?.Strings(KuboEventNames.ConnectedAgents) ?? [];
        var latencies = root?.Attributes[KuboEventNames.ConnectedLatencies] is ArrayValue { Values: var items } ? items : [];
        for (var i = 0; i < ids.Count; i++)
        {
            connected._peers[PeerText.Canonical(ids[i])] = (
                i < agents.Count && agents[i].Length > 0 ? agents[i] : null,
                i < latencies.Length && latencies[i] is IntValue { Value: > 0 and var latency } ? latency : null
            );
        }

        return connected;
    }

    /// <summary>Reads the peers of one query, to be used for another query of the same operation.</summary>
    public static KuboConnectedPeers Of(IEnumerable<Query> queries)
    {
        var connected = new KuboConnectedPeers();
        foreach (var peer in queries.SelectMany(static query => query.Peers))
        {
            if (peer.Agent is not null || peer.LatencyNs is not null)
            {
                connected._peers[peer.Id] = (peer.Agent, peer.LatencyNs);
            }
        }

        return connected;
    }

    /// <summary>Adds what is known of the query's peers.</summary>
    public Query AddTo(Query query) =>
        _peers.Count == 0
            ? query
            : query with
            {
                Peers =
                [
                    .. query.Peers.Select(peer =>
                        _peers.TryGetValue(peer.Id, out var known)
                            ? peer with
                            {
                                Agent = peer.Agent ?? known.Agent,
                                LatencyNs = peer.LatencyNs ?? known.LatencyNs,
                            }
                            : peer
                    ),
                ],
            };
}
