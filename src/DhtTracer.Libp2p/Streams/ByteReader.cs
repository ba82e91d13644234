using System.Buffers;

namespace DhtTracer.Libp2p.Streams;

/// <summary>
/// Reads pieces of a given size from a stream. It holds no buffer while it waits for the first byte of a piece, so thousands of idle
/// connections need no memory for buffers. One reader at a time; the last reader disposes it.
/// </summary>
internal sealed class ByteReader(Stream stream) : IDisposable
{
    private const int MinimumBuffer = 4096;

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>Bytes received but not consumed; valid until the next call.</summary>
    public Memory<byte> Available => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Waits until <see cref="Available"/> has at least <paramref name="count"/> bytes; false if the stream ended first.</summary>
    public async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            if (_buffer is null)
            {
                _ = await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
                _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(count, MinimumBuffer));
            }
            else if (_buffer.Length - _start < count)
            {
                MakeRoom(count);
            }

            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    /// <summary>Consumes <paramref name="count"/> bytes of <see cref="Available"/>.</summary>
    public void Advance(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _start = 0;
        _end = 0;
    }

    private void MakeRoom(int count)
    {
        var old = _buffer!;
        var target = old.Length >= count ? old : ArrayPool<byte>.Shared.Rent(count);
        old.AsSpan(_start, _end - _start).CopyTo(target);
        _end -= _start;
        _start = 0;
        _buffer = target;
        if (target != old)
        {
            ArrayPool<byte>.Shared.Return(old);
        }
    }
}
