using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Server;

/// <summary>Answers the requests that reach a node: the real server, or one that is faulty on purpose.</summary>
internal interface IKadResponder
{
    /// <summary>Returns the answer; null if the request has none.</summary>
    /// <exception cref="KadRefusedException">The request is refused; the stream must be reset.</exception>
    ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken);
}

/// <summary>Answers without faults.</summary>
internal sealed class KadResponder(KadServer server) : IKadResponder
{
    public ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken) =>
        ValueTask.FromResult(server.Answer(request, sender));
}
