using System.Runtime.CompilerServices;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// Stands between a node and its network and writes down what the node does there: a second truth, from below the lookup. For a node
/// that runs one query at a time.
/// </summary>
internal sealed class NetworkWitness(IDhtNetwork network, TimeProvider time) : IDhtNetwork
{
    private readonly ConditionalWeakTable<IDhtConnection, WatchedConnection> _connections = [];
    private readonly Lock _lock = new();
    private readonly List<NetworkStep> _steps = [];

    public PeerId LocalPeer => network.LocalPeer;

    public IReadOnlyList<Multiaddr> LocalAddresses => network.LocalAddresses;

    public IDhtConnection? FindConnection(PeerId peer) => network.FindConnection(peer) is { } found ? Watch(found, peer) : null;

    public async Task<DialResult> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        var step = Begin(peer, null);
        try
        {
            var result = await network.DialAsync(peer, addresses, cancellationToken);
            step.Error = result.Error;
            step.Reused = result.Reused;
            return result.Connection is { } connection ? result with { Connection = Watch(connection, peer) } : result;
        }
        catch (OperationCanceledException)
        {
            step.Withdrawn = true;
            throw;
        }
        finally
        {
            step.EndedAt = time.GetTimestamp();
        }
    }

    /// <summary>What was done since the last time, which is forgotten here.</summary>
    public NetworkRecord Take()
    {
        lock (_lock)
        {
            var record = new NetworkRecord(LocalPeer, time, [.. _steps]);
            _steps.Clear();
            return record;
        }
    }

    private NetworkStep Begin(PeerId peer, MessageType? type)
    {
        var step = new NetworkStep(peer.ToString(), type, time.GetTimestamp());
        lock (_lock)
        {
            _steps.Add(step);
        }

        return step;
    }

    private WatchedConnection Watch(IDhtConnection connection, PeerId peer) =>
        _connections.GetValue(connection, found => new WatchedConnection(this, found, peer));

    private sealed class WatchedConnection(NetworkWitness witness, IDhtConnection connection, PeerId peer) : IDhtConnection
    {
        public string? Agent => connection.Agent;

        public IReadOnlyList<string>? Protocols => connection.Protocols;

        public string? Address => connection.Address;

        public async Task<RequestResult> RequestAsync(KadMessage request, CancellationToken cancellationToken)
        {
            var step = witness.Begin(peer, request.Type);
            try
            {
                var result = await connection.RequestAsync(request, cancellationToken);
                step.Error = result.Error;
                step.IsAnswer = result.Error is null && (request.Type == MessageType.AddProvider || result.Answer?.Type == request.Type);
                step.Named = [.. (result.Answer?.CloserPeers ?? []).Select(named => named.Id.ToString())];
                return result;
            }
            catch (OperationCanceledException)
            {
                step.Withdrawn = true;
                throw;
            }
            finally
            {
                step.EndedAt = witness.Now();
            }
        }
    }

    private long Now() => time.GetTimestamp();
}
