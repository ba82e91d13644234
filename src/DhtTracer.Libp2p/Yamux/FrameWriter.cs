using System.Buffers;
using DhtTracer.Libp2p.Noise;

namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// Collects frames of all streams and sends them in order. Frames that arrive during a send go out together in the next message. Control
/// frames never wait: the reader sends them, and a remote that does not read must not block it. Data frames wait while much is queued. An
/// idle writer holds no buffer.
/// </summary>
internal sealed class FrameWriter(IMessageChannel channel, Action<Exception> failed)
{
    /// <summary>Queued bytes above which data frames wait.</summary>
    public const int HighWater = 64 * 1024;

    /// <summary>Queued bytes above which the remote counts as hostile: it makes us answer but does not read.</summary>
    public const int Limit = 1024 * 1024;

    private readonly Lock _gate = new();
    private byte[]? _pending;
    private int _count;
    private long _queued;
    private long _sent;
    private bool _flushing;
    private Exception? _closed;
    private TaskCompletionSource? _progress;

    /// <summary>Queues a frame without waiting. Does nothing if the writer is closed.</summary>
    /// <exception cref="WireException">Too much is queued.</exception>
    public void Enqueue(YamuxFrame frame, ReadOnlySpan<byte> data = default)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }

            if (_count > Limit && frame.Type != YamuxType.GoAway)
            {
                throw new WireException(WireLayer.Yamux, $"{Limit} bytes of answers wait because the remote does not read them");
            }

            Append(frame, data);
        }
    }

    /// <summary>Queues a frame once less than <see cref="HighWater"/> is queued.</summary>
    public async ValueTask WriteAsync(YamuxFrame frame, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                ThrowIfClosed();
                if (_count < HighWater)
                {
                    Append(frame, data.Span);
                    return;
                }

                wait = Progress();
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until everything queued so far was passed to the operating system.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        long target;
        lock (_gate)
        {
            target = _queued;
        }

        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_sent >= target)
                {
                    return;
                }

                ThrowIfClosed();
                wait = Progress();
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Discards the queue; later writes fail with <paramref name="reason"/>.</summary>
    public void Close(Exception reason)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }

            _closed = reason;
            Release();
            if (!_flushing)
            {
                channel.EndWrite();
            }
        }
    }

    private void Append(YamuxFrame frame, ReadOnlySpan<byte> data)
    {
        var needed = _count + YamuxFrame.HeaderLength + data.Length;
        if (_pending is null)
        {
            _pending = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 512));
        }
        else if (_pending.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            _pending.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_pending);
            _pending = larger;
        }

        frame.Write(_pending.AsSpan(_count));
        data.CopyTo(_pending.AsSpan(_count + YamuxFrame.HeaderLength));
        _queued += needed - _count;
        _count = needed;
        if (!_flushing)
        {
            // Do not send yet: frames that the caller queues next go in the same message.
            _flushing = true;
            ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.FlushLoopAsync(), this, preferLocal: true);
        }
    }

    /// <summary>Sends until nothing is queued. Never throws: a failure closes the writer and is reported to the owner.</summary>
    private async Task FlushLoopAsync()
    {
        while (true)
        {
            byte[] buffer;
            int count;
            lock (_gate)
            {
                if (_closed is not null || _pending is null)
                {
                    _flushing = false;
                    if (_closed is not null)
                    {
                        channel.EndWrite();
                    }

                    return;
                }

                buffer = _pending;
                count = _count;
                _pending = null;
                _count = 0;
            }

            Exception? failure = null;
            try
            {
                await channel.WriteAsync(buffer.AsMemory(0, count));
            }
#pragma warning disable CA1031 // Nobody awaits this loop: whatever goes wrong ends the session, whose owner sees it.
            catch (Exception e)
            {
                failure = e;
            }
#pragma warning restore CA1031

            ArrayPool<byte>.Shared.Return(buffer);
            lock (_gate)
            {
                _sent += count;
                _progress?.TrySetResult();
                _progress = null;
            }

            if (failure is not null)
            {
                failed(failure);
            }
        }
    }

    private Task Progress() => (_progress ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Release()
    {
        if (_pending is { } pending)
        {
            ArrayPool<byte>.Shared.Return(pending);
            _pending = null;
            _count = 0;
        }

        _progress?.TrySetResult();
        _progress = null;
    }

    private void ThrowIfClosed()
    {
        if (_closed is not null)
        {
            throw new ConnectionClosedException("The connection is closed.", _closed);
        }
    }
}
