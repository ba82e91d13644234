using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>Reads and decompresses a whole request body, within two limits.</summary>
public sealed class RequestBody : IDisposable
{
    private readonly BodyMemory _memory;
    private byte[] _buffer = [];
    private int _length;

    private RequestBody(BodyMemory memory) => _memory = memory;

    /// <summary>The body; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body.</summary>
    /// <exception cref="BodyTooLargeException">The body exceeds a limit.</exception>
    /// <exception cref="UnknownEncodingException">The compression is unknown.</exception>
    /// <exception cref="InvalidDataException">The compressed body is damaged, truncated, or does not match its encoding.</exception>
    /// <exception cref="BodyMemoryExhaustedException">Too much is arriving at once.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, BodyLimits limits, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (request.ContentLength > limits.MaxCompressedBytes)
        {
            throw new BodyTooLargeException(
                $"The body has {request.ContentLength} bytes; at most {limits.MaxCompressedBytes} are taken. Send smaller batches."
            );
        }

        // Kestrel's own limit would close the connection with an empty answer. The limit below answers with a reason.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var sent = new CountingStream(request.Body, limits.MaxCompressedBytes);
        var body = new RequestBody(BodyMemory.Shared);
        try
        {
            var inflated = await ContentDecoding.OpenAsync(encoding, sent, BodyMemory.Shared, cancellationToken);
            await using (inflated)
            {
                var expected = ReferenceEquals(inflated, sent) ? request.ContentLength : request.ContentLength * 4;
                await body.FillAsync(inflated, limits.MaxInflatedBytes, expected, cancellationToken);
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            Return(_buffer);
            _buffer = [];
        }
    }

    private async Task FillAsync(Stream stream, int limit, long? expected, CancellationToken cancellationToken)
    {
        // The sender claims the expected length, so trust it only up to 4 MiB.
        _buffer = Rent((int)Math.Clamp(expected ?? 0, 16 << 10, 4 << 20));
        while (true)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
            {
                return;
            }

            _length += read;
            if (_length > limit)
            {
                throw new BodyTooLargeException(
                    $"The body has more than {limit} bytes when inflated, which is the limit. Send smaller batches."
                );
            }

            if (_length == _buffer.Length)
            {
                var larger = Rent((int)Math.Min(Array.MaxLength, 2L * _length));
                Memory.CopyTo(larger);
                Return(_buffer);
                _buffer = larger;
            }
        }
    }

    private byte[] Rent(int size)
    {
        _memory.Take(size);
        var rented = ArrayPool<byte>.Shared.Rent(size);

        // The pool may return a larger buffer than requested, and its full size was counted.
        _memory.Return(size - rented.Length);
        return rented;
    }

    private void Return(byte[] rented)
    {
        _memory.Return(rented.Length);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Fails if more than the limit is read. It does not own the body: the server does.</summary>
    private sealed class CountingStream(Stream inner, long limit) : ReadOnlyStream
    {
        private long _count;

        public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer, cancellationToken));

        private int Count(int read)
        {
            _count += read;
            return _count <= limit
                ? read
                : throw new BodyTooLargeException($"The body has more than {limit} bytes, which is the limit. Send smaller batches.");
        }
    }
}
