using System.Threading.Channels;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage;

/// <summary>Tells the analysis in this process which traces need analysis.</summary>
public sealed class ArrivalFeed
{
    private volatile Channel<IReadOnlyList<TraceId>>? _channel;

    /// <summary>
    /// Starts listening for arrivals, each sent after its commit. Only one listener is allowed, and it must read until its end.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is already a listener.</exception>
    public ChannelReader<IReadOnlyList<TraceId>> Listen()
    {
        var mine = Channel.CreateUnbounded<IReadOnlyList<TraceId>>(new UnboundedChannelOptions { SingleReader = true });
        return Interlocked.CompareExchange(ref _channel, mine, null) is null
            ? mine.Reader
            : throw new InvalidOperationException("Only one analysis worker may run in a process.");
    }

    /// <summary>Stops listening.</summary>
    public void Stop() => Interlocked.Exchange(ref _channel, null)?.Writer.TryComplete();

    /// <summary>Tells the listener about new spans. A store calls this after each commit.</summary>
    public void Publish(IReadOnlyList<TraceId> traces)
    {
        if (_channel is { } listener && traces.Count > 0)
        {
            listener.Writer.TryWrite(traces);
        }
    }
}
