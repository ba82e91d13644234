using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>Answers the requests that reach a node. The node itself, or one that is faulty on purpose.</summary>
internal interface IKadResponder
{
    /// <summary>The answer; null when none is due.</summary>
    /// <exception cref="KadRefusedException">The stream is to be reset.</exception>
    ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken);
}

/// <summary>A node as it should be.</summary>
internal sealed class KadResponder(KadServer server) : IKadResponder
{
    public ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken) =>
        ValueTask.FromResult(server.Answer(request, sender));
}
