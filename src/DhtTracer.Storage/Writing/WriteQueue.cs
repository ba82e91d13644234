using System.Threading.Channels;

namespace DhtTracer.Storage.Writing;

/// <summary>
/// The only writer of this process. Waiting writes share a transaction (group commit), because a commit waits milliseconds for the disk.
/// A write's task completes only after its commit.
/// </summary>
/// <typeparam name="TSession">What a write works with.</typeparam>
internal sealed class WriteQueue<TSession> : IAsyncDisposable
    where TSession : IWriteSession
{
    private const int MaxGroup = 256;
    private const long MaxGroupBytes = 16L << 20;

    private readonly Channel<Write> _channel = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TSession _session;
    private readonly long _maxPendingBytes;
    private readonly Task _loop;
    private long _pendingBytes;

    public WriteQueue(TSession session, long maxPendingBytes)
    {
        _session = session;
        _maxPendingBytes = maxPendingBytes;
        _loop = Task.Run(RunAsync);
    }

    public long PendingBytes => Interlocked.Read(ref _pendingBytes);

    /// <summary>Runs a write inside the next transaction.</summary>
    /// <param name="apply">The write. It may run twice: if another write of its group fails, the group is rolled back and each write runs
    /// alone.</param>
    /// <param name="bytes">Memory that the write uses while it waits.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <param name="committed">Called after the commit, in the order of the commits, before the task completes. Must be quick.</param>
    /// <param name="patience">How long the write may wait for its start; null for no limit.</param>
    /// <exception cref="StoreOverloadedException">Too many bytes are waiting already, or the write waited too long.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing is stored.</exception>
    public async Task<T> RunAsync<T>(
        Func<TSession, T> apply,
        long bytes,
        Action<T>? committed,
        TimeSpan? patience,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = Interlocked.Add(ref _pendingBytes, bytes);
        if (pending > _maxPendingBytes && pending != bytes)
        {
            Release(bytes);
            throw new StoreOverloadedException(pending - bytes);
        }

        var write = new Write<T>(this, apply, bytes, committed, cancellationToken);
        if (!_channel.Writer.TryWrite(write))
        {
            Release(bytes);
            throw new ObjectDisposedException(nameof(TraceStore));
        }

        if (patience is not { } limit)
        {
            return await write.Task;
        }

        try
        {
            return await write.Task.WaitAsync(limit, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // Its bytes count until the writer drops it, so that senders that try again cannot fill the memory.
            return write.Abandon() ? throw new StoreOverloadedException(PendingBytes, limit) : await write.Task;
        }
    }

    /// <summary>Finishes all accepted writes, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _loop;
        _session.Dispose();
    }

    private async Task RunAsync()
    {
        var group = new List<Write>();
        while (await _channel.Reader.WaitToReadAsync())
        {
            long bytes = 0;
            while (group.Count < MaxGroup && bytes < MaxGroupBytes && _channel.Reader.TryRead(out var write))
            {
                if (!write.TakeBack())
                {
                    group.Add(write);
                    bytes += write.Bytes;
                }
            }

            if (group.Count > 0 && TryCommit(group) is { } error)
            {
                if (group.Count == 1)
                {
                    group[0].Fail(error);
                }
                else
                {
                    CommitEachAlone(group);
                }
            }

            group.Clear();
        }
    }

    private void CommitEachAlone(List<Write> group)
    {
        foreach (var write in group)
        {
            if (TryCommit([write]) is { } error)
            {
                write.Fail(error);
            }
        }
    }

#pragma warning disable CA1031 // The error belongs to the caller whose task it fails: the writer serves the others.
    private Exception? TryCommit(List<Write> group)
    {
        try
        {
            _session.Begin();
            foreach (var write in group)
            {
                write.Apply(_session);
            }

            _session.Commit();
        }
        catch (Exception error)
        {
            try
            {
                _session.Rollback();
            }
            catch (System.Data.Common.DbException rollbackError)
            {
                return _session.Translate(rollbackError);
            }

            return _session.Translate(error);
        }

        foreach (var write in group)
        {
            write.Complete();
        }

        return null;
    }
#pragma warning restore CA1031

    private void Release(long bytes) => Interlocked.Add(ref _pendingBytes, -bytes);

    private abstract class Write(long bytes, CancellationToken cancellationToken)
    {
        public long Bytes { get; } = bytes;

        protected CancellationToken CancellationToken { get; } = cancellationToken;

        public abstract bool TakeBack();

        public abstract void Apply(TSession session);

        public abstract void Complete();

        public abstract void Fail(Exception error);
    }

    private sealed class Write<T>(
        WriteQueue<TSession> queue,
        Func<TSession, T> apply,
        long bytes,
        Action<T>? committed,
        CancellationToken cancellationToken
    ) : Write(bytes, cancellationToken)
    {
        private const int Waiting = 0;
        private const int Started = 1;
        private const int Abandoned = 2;

        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private int _state = Waiting;

        public Task<T> Task => _completion.Task;

        /// <summary>Gives the write up. False if it has started.</summary>
        public bool Abandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting;

        public override bool TakeBack()
        {
            if (Volatile.Read(ref _state) != Abandoned && !CancellationToken.IsCancellationRequested)
            {
                return false;
            }

            Drop();
            return true;
        }

        public override void Apply(TSession session)
        {
            // It may run again, alone, after its group failed.
            if (Interlocked.CompareExchange(ref _state, Started, Waiting) != Abandoned)
            {
                _result = apply(session);
            }
        }

        public override void Complete()
        {
            if (_state == Abandoned)
            {
                Drop();
                return;
            }

            committed?.Invoke(_result!);
            queue.Release(Bytes);
            _completion.TrySetResult(_result!);
        }

        public override void Fail(Exception error)
        {
            if (_state == Abandoned)
            {
                Drop();
                return;
            }

            queue.Release(Bytes);
            _completion.TrySetException(error);
        }

        private void Drop()
        {
            queue.Release(Bytes);
            _completion.TrySetCanceled(CancellationToken);
        }
    }
}
