using DhtTracer.Kademlia.Messages;
using DhtTracer.Libp2p.Hosting;

namespace DhtTracer.Kademlia.Server;

/// <summary>
/// Serves one kad stream: answers requests in order until the remote closes it, is silent too long or breaks the protocol.
/// </summary>
internal sealed class KadStreamHandler(IKadResponder responder, KadMessageLimits limits, TimeProvider time)
{
    /// <summary>Maximum silence on a stream, as in go-libp2p-kad-dht.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    private long _requests;

    /// <summary>Number of requests received so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    public async Task ServeAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var idle = new CancellationTokenSource(IdleTimeout, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
            try
            {
                if (await KadFraming.ReadAsync(stream, limits, linked.Token) is not { } request)
                {
                    return;
                }

                Interlocked.Increment(ref _requests);
                if (await responder.AnswerAsync(request, stream.Connection.RemotePeer, linked.Token) is { } answer)
                {
                    await stream.WriteAsync(KadFraming.Frame(answer), linked.Token);
                }
            }
            catch (Exception exception) when (exception is KadMessageException or KadRefusedException)
            {
                stream.Reset(exception.Message);
                return;
            }
            catch (OperationCanceledException)
            {
                stream.Reset("Idle, or the node is stopping.");
                return;
            }
        }
    }
}
