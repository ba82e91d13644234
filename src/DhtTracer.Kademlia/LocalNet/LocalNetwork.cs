using System.Net;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.LocalNet;

/// <summary>A DHT of many nodes in one process, over real TCP on loopback. Some nodes can be faulty.</summary>
public sealed class LocalNetwork : IAsyncDisposable
{
    private const int BootstrapPeerCount = 3;
    private const int ParallelBootstraps = 4;

    private readonly List<LocalNode> _nodes = [];
    private readonly LocalNetworkOptions _options;
    private readonly TimeProvider _time;

    private LocalNetwork(LocalNetworkOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
    }

    /// <summary>Its nodes, in the order of their numbers.</summary>
    public IReadOnlyList<LocalNode> Nodes => _nodes;

    /// <summary>Bootstrap peers: multiaddrs that end in the peer id. These nodes have no fault.</summary>
    public IReadOnlyList<string> BootstrapPeers =>
        [.. _nodes.Take(BootstrapPeerCount).Select(node => $"{node.Peer.Addresses[0]}/p2p/{node.Peer.Id}")];

    /// <summary>Starts all nodes, lets them find each other, then starts the faults.</summary>
    /// <param name="options">Options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="DhtOptionsException">An option is out of range.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">A port is in use.</exception>
    public static async Task<LocalNetwork> StartAsync(
        LocalNetworkOptions options,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default
    )
    {
        options.Validate();
        var network = new LocalNetwork(options, time ?? TimeProvider.System);
        try
        {
            await network.StartNodesAsync(cancellationToken);
            await network.BootstrapAsync(cancellationToken);
            if (options.BootstrapFile is { } file)
            {
                await File.WriteAllLinesAsync(file, network.BootstrapPeers, cancellationToken);
            }

            foreach (var node in network._nodes)
            {
                await node.BeginFaultAsync();
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The current state of the network.</summary>
    public LocalNetworkStats Stats()
    {
        var running = _nodes.Where(node => node.IsRunning).ToList();
        var tables = running.ConvertAll(node => node.Node.Dht.RoutingTable.Count);
        return new LocalNetworkStats(
            running.Count,
            running.Sum(node => node.Node.Host.Connections.Count),
            _nodes.Sum(node => node.Node.RequestsReceived),
            tables.Count == 0 ? 0 : tables.Min(),
            tables.Count == 0 ? 0 : tables.Max(),
            Environment.WorkingSet
        );
    }

    /// <summary>Stops all nodes.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    private async Task StartNodesAsync(CancellationToken cancellationToken)
    {
        var faults = ChooseFaults();
        var latencies = new Random(_options.Seed);
        for (var i = 0; i < _options.Count; i++)
        {
            var hostOptions = new Libp2pHostOptions
            {
                Identity = Identity.FromSeed(
                    SHA256.HashData(Encoding.ASCII.GetBytes($"dht-tracer local network {_options.Seed} node {i}"))
                ),
                ListenAddresses =
                [
                    Multiaddr.FromTcp(new IPEndPoint(IPAddress.Loopback, _options.FirstPort == 0 ? 0 : _options.FirstPort + i)),
                ],
                AllowPrivateAddresses = true,
                Time = _time,
            };
            FaultyResponder? responder = null;
            var fault = faults[i];
            var seed = (_options.Seed * 100_003) + i;
            var latency = _options.MaxLatency * latencies.NextDouble();
            var node = await HostedDhtNode.StartAsync(
                hostOptions,
                _options.Dht,
                server => responder = new FaultyResponder(server, fault, latency, _time, seed),
                cancellationToken
            );
            _nodes.Add(new LocalNode(i, node, fault, responder!));
        }
    }

    private FaultShare[] ChooseFaults()
    {
        var faults = Enumerable.Repeat(new FaultShare(NodeFault.None, 0), _options.Count).ToArray();
        var candidates = Enumerable.Range(BootstrapPeerCount, Math.Max(0, _options.Count - BootstrapPeerCount)).ToArray();
        new Random(_options.Seed).Shuffle(candidates);
        var next = 0;
        foreach (var share in _options.Faults)
        {
            for (var count = (int)Math.Round(share.Share * _options.Count); count > 0 && next < candidates.Length; count--)
            {
                faults[candidates[next++]] = share;
            }
        }

        return faults;
    }

    private async Task BootstrapAsync(CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelBootstraps, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            _nodes.Skip(1),
            parallel,
            async (node, token) =>
                await node.Node.Dht.BootstrapAsync(
                    [.. _nodes.Take(Math.Min(node.Number, BootstrapPeerCount)).Select(peer => peer.Peer)],
                    token
                )
        );

        // Nodes that started early know only earlier nodes, so bootstrap again now that all nodes run.
        await Parallel.ForEachAsync(_nodes, parallel, async (node, token) => await node.Node.Dht.BootstrapAsync([], token));
    }
}
