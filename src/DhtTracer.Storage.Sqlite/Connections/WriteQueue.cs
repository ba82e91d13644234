using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>
/// The only writer. Waiting writes share a transaction (group commit), because an fsync costs milliseconds and every commit does one with
/// <c>synchronous=FULL</c>. A write's task completes only after its commit.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    private const int MaxGroup = 256;
    private const long MaxGroupBytes = 16L << 20;

    private readonly Channel<Write> _channel = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly WriteSession _session;
    private readonly string _path;
    private readonly long _maxPendingBytes;
    private readonly Task _loop;
    private long _pendingBytes;

    public WriteQueue(SqliteConnection connection, string path, long maxPendingBytes)
    {
        _session = new WriteSession(connection);
        _path = path;
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
    /// <exception cref="StoreOverloadedException">Too many bytes are waiting already.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing is stored.</exception>
    public async Task<T> RunAsync<T>(
        Func<WriteSession, T> apply,
        long bytes,
        CancellationToken cancellationToken,
        Action<T>? committed = null
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = Interlocked.Add(ref _pendingBytes, bytes);
        try
        {
            if (pending > _maxPendingBytes && pending != bytes)
            {
                throw new StoreOverloadedException(pending - bytes);
            }

            var write = new Write<T>(apply, bytes, cancellationToken, committed);
            ObjectDisposedException.ThrowIf(!_channel.Writer.TryWrite(write), typeof(TraceStore));
            return await write.Task;
        }
        finally
        {
            Interlocked.Add(ref _pendingBytes, -bytes);
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
            catch (SqliteException rollbackError)
            {
                return SqliteErrors.From(rollbackError, _path);
            }

            return error is SqliteException sqlite ? SqliteErrors.From(sqlite, _path) : error;
        }

        foreach (var write in group)
        {
            write.Complete();
        }

        return null;
    }
#pragma warning restore CA1031

    private abstract class Write(long bytes, CancellationToken cancellationToken)
    {
        public long Bytes { get; } = bytes;

        protected CancellationToken CancellationToken { get; } = cancellationToken;

        public abstract bool TakeBack();

        public abstract void Apply(WriteSession session);

        public abstract void Complete();

        public abstract void Fail(Exception error);
    }

    private sealed class Write<T>(Func<WriteSession, T> apply, long bytes, CancellationToken cancellationToken, Action<T>? committed)
        : Write(bytes, cancellationToken)
    {
        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _completion.Task;

        public override bool TakeBack() => CancellationToken.IsCancellationRequested && _completion.TrySetCanceled(CancellationToken);

        public override void Apply(WriteSession session) => _result = apply(session);

        public override void Complete()
        {
            committed?.Invoke(_result!);
            _completion.TrySetResult(_result!);
        }

        public override void Fail(Exception error) => _completion.TrySetException(error);
    }
}
