using System.Collections.Concurrent;
using System.Threading.Channels;

namespace DhtTracer.Node;

/// <summary>The event log of 2019 for everyone who listens. A reader that falls too far behind is told so and let go.</summary>
internal sealed class EventStream
{
    /// <summary>Events that may wait for a reader: some queries of a hundred peers.</summary>
    public const int Capacity = 10_000;

    /// <summary>Readers at a time.</summary>
    public const int MaxReaders = 16;

    private readonly ConcurrentDictionary<Channel<string>, byte> _readers = [];

    /// <summary>Whether somebody listens, so that a query nobody follows makes no events.</summary>
    public bool HasReaders => !_readers.IsEmpty;

    /// <summary>Begins to read; null when there are too many readers. The channel is completed when the reader falls behind.</summary>
    public Channel<string>? Open()
    {
        if (_readers.Count >= MaxReaders)
        {
            return null;
        }

        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(Capacity) { SingleReader = true });
        _readers[channel] = 0;
        return channel;
    }

    /// <summary>Ends reading.</summary>
    public void Close(Channel<string> reader) => _readers.TryRemove(reader, out _);

    /// <summary>Passes an event on.</summary>
    public void Write(string json)
    {
        foreach (var reader in _readers.Keys)
        {
            if (!reader.Writer.TryWrite(json))
            {
                reader.Writer.TryComplete();
                Close(reader);
            }
        }
    }

    /// <summary>Ends all readers.</summary>
    public void Complete()
    {
        foreach (var reader in _readers.Keys)
        {
            reader.Writer.TryComplete();
            Close(reader);
        }
    }
}
