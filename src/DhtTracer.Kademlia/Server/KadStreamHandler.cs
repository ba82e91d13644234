using DhtTracer.Libp2p.Hosting;

namespace DhtTracer.Kademlia;

/// <summary>Serves one kad stream: requests one after the other until the remote closes it, falls silent or breaks the protocol.</summary>
internal sealed class KadStreamHandler(IKadResponder responder, KadMessageLimits limits, TimeProvider time)
{
    /// <summary>Longest silence on a stream, as in go-libp2p-kad-dht.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    private long _requests;

    /// <summary>Requests received so far.</summary>
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
