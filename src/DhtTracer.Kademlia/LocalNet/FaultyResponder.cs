using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Server;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.LocalNet;

/// <summary>Delays a node's answers by its latency and applies its fault, once faults have started.</summary>
internal sealed class FaultyResponder(KadServer server, FaultShare fault, TimeSpan latency, TimeProvider time, int seed) : IKadResponder
{
    private static readonly Multiaddr Nowhere = Multiaddr.Parse("/ip4/127.0.0.1/tcp/1");

    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    /// <summary>Whether faults have started.</summary>
    public bool IsActive { get; set; }

    public async ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken)
    {
        if (!IsActive)
        {
            return server.Answer(request, sender);
        }

        if (latency > TimeSpan.Zero)
        {
            await Task.Delay(latency, time, cancellationToken);
        }

        switch (fault.Fault)
        {
            case NodeFault.Slow:
                await Task.Delay(fault.Latency, time, cancellationToken);
                return server.Answer(request, sender);

            case NodeFault.BlackHole:
            case NodeFault.Drops when Next() < fault.DropRate:
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
                return null;

            case NodeFault.NamesDeadPeers:
                var answer = server.Answer(request, sender);
                return answer is null ? null : answer with { CloserPeers = [.. answer.CloserPeers.Select(_ => DeadPeer())] };

            case NodeFault.NamesPeersTwice:
                var once = server.Answer(request, sender);
                return once is null ? null : once with { CloserPeers = [.. once.CloserPeers, .. once.CloserPeers] };

            default:
                return server.Answer(request, sender);
        }
    }

    private double Next()
    {
        lock (_lock)
        {
            return _random.NextDouble();
        }
    }

    private KadPeer DeadPeer()
    {
        var key = new byte[32];
        lock (_lock)
        {
            _random.NextBytes(key);
        }

        return new KadPeer(Identity.FromSeed(key).PeerId, [Nowhere]);
    }
}
