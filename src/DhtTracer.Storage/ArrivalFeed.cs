using System.Threading.Channels;
using DhtTracer.Storage.Inbox;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage;

/// <summary>Something that needs analysis.</summary>
/// <param name="Received">A message that was committed to the inbox; null for <paramref name="Stale"/>.</param>
/// <param name="Stale">Traces without new spans whose analysis used something that changed.</param>
public sealed record Arrival(InboxRow? Received, IReadOnlyList<TraceId> Stale);

/// <summary>Tells the analysis in this process which traces need analysis.</summary>
public sealed class ArrivalFeed
{
    private volatile Channel<Arrival>? _channel;

    /// <summary>
    /// Starts listening for arrivals. Messages come after their commit, in the order of their row numbers. Only one listener is allowed,
    /// and it must read until its end.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is already a listener.</exception>
    public ChannelReader<Arrival> Listen()
    {
        var mine = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });
        return Interlocked.CompareExchange(ref _channel, mine, null) is null
            ? mine.Reader
            : throw new InvalidOperationException("Only one analysis worker may run in a process.");
    }

    /// <summary>Stops listening.</summary>
    public void Stop() => Interlocked.Exchange(ref _channel, null)?.Writer.TryComplete();

    /// <summary>Tells the listener about a committed message. A store calls this in the order of the row numbers.</summary>
    public void Publish(InboxRow received) => _channel?.Writer.TryWrite(new Arrival(received, []));

    /// <summary>Tells the listener about traces to analyse again. A store calls this after each commit.</summary>
    public void Publish(IReadOnlyList<TraceId> stale)
    {
        if (stale.Count > 0)
        {
            _channel?.Writer.TryWrite(new Arrival(null, stale));
        }
    }
}
