using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage;

/// <summary>A change since the last item. <see cref="Queries"/> is empty if too many changed: read everything again.</summary>
/// <param name="Version">The version after the change.</param>
/// <param name="Queries">Queries that are new or changed.</param>
public sealed record QueryChange(long Version, IReadOnlyList<QueryId> Queries);

/// <summary>Tells readers in this process which queries changed.</summary>
public sealed class ChangeFeed
{
    private const int MaxWaiting = 256;
    private readonly Lock _gate = new();
    private readonly List<Channel<QueryChange>> _watchers = [];
    private readonly string _process = Guid.NewGuid().ToString("N")[..12];
    private long _version;

    /// <summary>Increases with every change.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The version with an id of this process. Equal stamps mean that nothing changed in between, even across a restart.</summary>
    public string Stamp => $"{_process}-{Version}";

    /// <summary>Changes from now on. A reader that is too slow loses the oldest items and gets one item without queries instead.</summary>
    public async IAsyncEnumerable<QueryChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var missed = 0;
        var channel = Channel.CreateBounded<QueryChange>(
            new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Exchange(ref missed, 1)
        );
        lock (_gate)
        {
            _watchers.Add(channel);
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return Interlocked.Exchange(ref missed, 0) == 1 ? change with { Queries = [] } : change;
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers.Remove(channel);
            }
        }
    }

    /// <summary>
    /// Notifies the watchers. A store calls this after each commit. An empty list means that too many queries changed to list them.
    /// </summary>
    public void Publish(IReadOnlyList<QueryId> queries)
    {
        lock (_gate)
        {
            var change = new QueryChange(Interlocked.Increment(ref _version), queries);
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(change);
            }
        }
    }
}
