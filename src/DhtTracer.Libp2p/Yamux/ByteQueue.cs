using System.Buffers;

namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// Received but unread bytes, in pooled pieces. Small frames share a piece, so their headers cost the remote more than they cost us.
/// </summary>
internal sealed class ByteQueue
{
    private const int PieceSize = 1024;

    private readonly Queue<byte[]> _full = new();
    private readonly Queue<int> _lengths = new();
    private byte[]? _tail;
    private int _tailLength;
    private int _headStart;

    public int Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_tail is not null && _tailLength == _tail.Length)
            {
                _full.Enqueue(_tail);
                _lengths.Enqueue(_tailLength);
                _tail = null;
            }

            if (_tail is null)
            {
                _tail = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, PieceSize));
                _tailLength = 0;
            }

            var part = bytes[..Math.Min(bytes.Length, _tail.Length - _tailLength)];
            part.CopyTo(_tail.AsSpan(_tailLength));
            _tailLength += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    public int Read(Span<byte> destination)
    {
        var read = 0;
        while (read < destination.Length && Length > 0)
        {
            var isTail = _full.Count == 0;
            var piece = isTail ? _tail! : _full.Peek();
            var length = isTail ? _tailLength : _lengths.Peek();
            var part = Math.Min(destination.Length - read, length - _headStart);
            piece.AsSpan(_headStart, part).CopyTo(destination[read..]);
            read += part;
            Length -= part;
            _headStart += part;
            if (_headStart < length)
            {
                continue;
            }

            _headStart = 0;
            ArrayPool<byte>.Shared.Return(piece);
            if (isTail)
            {
                _tail = null;
                _tailLength = 0;
            }
            else
            {
                _ = _full.Dequeue();
                _ = _lengths.Dequeue();
            }
        }

        return read;
    }

    /// <summary>Discards everything and returns the pieces to the pool.</summary>
    public void Clear()
    {
        while (_full.TryDequeue(out var piece))
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        _lengths.Clear();
        if (_tail is { } tail)
        {
            ArrayPool<byte>.Shared.Return(tail);
            _tail = null;
        }

        _tailLength = 0;
        _headStart = 0;
        Length = 0;
    }
}
