namespace DhtTracer.Libp2p.Hosting;

/// <summary>Tracks background work that nobody awaits, so its owner can wait for its end and is told of every failure.</summary>
internal sealed class WorkTracker(Action<string, Exception> failed)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _closed;

    /// <summary>Starts work. Returns false and starts nothing if the tracker is closed.</summary>
    public bool Run(string what, Func<Task> work)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _running++;
        }

        _ = RunAsync(what, work);
        return true;
    }

    /// <summary>Prevents further starts, and completes when all running work has ended.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        return _idle.Task;
    }

    private async Task RunAsync(string what, Func<Task> work)
    {
        try
        {
            await work();
        }
#pragma warning disable CA1031 // This is the one place that sees the failures of work that nobody awaits; it reports every one.
        catch (Exception e)
        {
            failed(what, e);
        }
#pragma warning restore CA1031
        lock (_gate)
        {
            if (--_running == 0 && _closed)
            {
                _idle.TrySetResult();
            }
        }
    }
}
