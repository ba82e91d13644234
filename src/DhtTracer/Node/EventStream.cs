using System.Collections.Concurrent;
using System.Threading.Channels;

namespace DhtTracer.Node;

/// <summary>Sends the 2019 event log to all readers. A reader that falls too far behind is told so and disconnected.</summary>
internal sealed class EventStream
{
    /// <summary>Maximum number of events waiting for a reader: a few queries with a hundred peers each.</summary>
    public const int Capacity = 10_000;

    /// <summary>Maximum number of readers.</summary>
    public const int MaxReaders = 16;

    private readonly ConcurrentDictionary<Channel<string>, byte> _readers = [];

    /// <summary>Whether there are readers. Without readers, queries make no events.</summary>
    public bool HasReaders => !_readers.IsEmpty;

    /// <summary>Starts reading; null if there are too many readers. The channel completes if the reader falls behind.</summary>
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

    /// <summary>Stops reading.</summary>
    public void Close(Channel<string> reader) => _readers.TryRemove(reader, out _);

    /// <summary>Sends an event to all readers.</summary>
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

    /// <summary>Disconnects all readers.</summary>
    public void Complete()
    {
        foreach (var reader in _readers.Keys)
        {
            reader.Writer.TryComplete();
            Close(reader);
        }
    }
}
