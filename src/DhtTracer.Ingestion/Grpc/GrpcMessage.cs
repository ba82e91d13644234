using System.Buffers;
using DhtTracer.Ingestion.Receiving;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// The bytes of one message, in a buffer from the shared pool. It grows with what really arrives, not with what a length prefix
/// promises: a peer that announces 64 MiB and sends nothing costs nothing.
/// </summary>
/// <param name="memory">What the buffer is counted in, or null.</param>
internal sealed class GrpcMessage(BodyMemory? memory = null) : IDisposable
{
    private const int FirstBuffer = 4096;
    private byte[] _buffer = [];

    /// <summary>Bytes held.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes; good until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

    /// <summary>Appends a copy.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Room for at least <paramref name="size"/> more bytes; <see cref="Advance"/> says how many were written.</summary>
    public Span<byte> Free(int size)
    {
        if (_buffer.Length - Length < size)
        {
            var wanted = Math.Max(FirstBuffer, Math.Max(checked(Length + size), (int)Math.Min(Array.MaxLength, 2L * Length)));
            memory?.Take(wanted);
            var larger = ArrayPool<byte>.Shared.Rent(wanted);
            memory?.Return(wanted - larger.Length);
            _buffer.AsSpan(0, Length).CopyTo(larger);
            Return();
            _buffer = larger;
        }

        return _buffer.AsSpan(Length);
    }

    /// <summary>Counts bytes written into <see cref="Free"/>.</summary>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public void Dispose()
    {
        Return();
        _buffer = [];
        Length = 0;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            memory?.Return(_buffer.Length);
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
