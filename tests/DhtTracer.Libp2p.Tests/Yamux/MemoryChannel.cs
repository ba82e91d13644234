using System.Threading.Channels;
using DhtTracer.Libp2p.Noise;

namespace DhtTracer.Libp2p.Tests.Yamux;

/// <summary>A connection in memory; what one end writes the other reads. A pair is made by <see cref="Pair"/>.</summary>
internal sealed class MemoryChannel(Channel<byte[]> incoming, Channel<byte[]> outgoing) : IMessageChannel
{
    public List<byte[]> Sent { get; } = [];

    /// <summary>When set, writes wait until it completes, as those to a remote that does not read.</summary>
    public Task? Stalled { get; set; }

    public static (MemoryChannel A, MemoryChannel B) Pair()
    {
        var toA = Channel.CreateUnbounded<byte[]>();
        var toB = Channel.CreateUnbounded<byte[]>();
        return (new MemoryChannel(toA, toB), new MemoryChannel(toB, toA));
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync() =>
        await incoming.Reader.WaitToReadAsync() && incoming.Reader.TryRead(out var bytes) ? bytes : ReadOnlyMemory<byte>.Empty;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (Stalled is { } stalled)
        {
            await stalled;
        }

        lock (Sent)
        {
            Sent.Add(bytes.ToArray());
        }

        if (!outgoing.Writer.TryWrite(bytes.ToArray()))
        {
            throw new IOException("closed");
        }
    }

    /// <summary>Sends bytes to the other end as if a remote had written them.</summary>
    public void Inject(byte[] bytes) => Assert.True(outgoing.Writer.TryWrite(bytes));

    public void Dispose()
    {
        _ = incoming.Writer.TryComplete();
        _ = outgoing.Writer.TryComplete();
    }

    public void EndRead() { }

    public void EndWrite() { }
}
