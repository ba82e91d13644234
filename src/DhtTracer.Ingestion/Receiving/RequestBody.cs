using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>Reads a whole request body, inflated, within two limits.</summary>
public sealed class RequestBody : IDisposable
{
    private readonly BodyMemory _memory;
    private byte[] _buffer = [];
    private int _length;

    private RequestBody(BodyMemory memory) => _memory = memory;

    /// <summary>What was read; good until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body.</summary>
    /// <exception cref="BodyTooLargeException">A limit was passed.</exception>
    /// <exception cref="UnknownEncodingException">It is compressed in an unknown way.</exception>
    /// <exception cref="InvalidDataException">The compressed body is damaged, cut off, or not what its encoding says.</exception>
    /// <exception cref="BodyMemoryExhaustedException">Too much arrives at once.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, BodyLimits limits, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (request.ContentLength > limits.MaxCompressedBytes)
        {
            throw new BodyTooLargeException(
                $"The body has {request.ContentLength} bytes; at most {limits.MaxCompressedBytes} are taken. Send smaller batches."
            );
        }

        // Kestrel's own limit would close the connection with an empty answer; the limit below answers with a reason.
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

    /// <summary>Gives the buffer back.</summary>
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
        // The expected length is the sender's word: it is believed up to 4 MiB.
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

        // The pool may give more than was asked for, and what is given back is counted whole.
        _memory.Return(size - rented.Length);
        return rented;
    }

    private void Return(byte[] rented)
    {
        _memory.Return(rented.Length);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Fails when more than the limit is read from it. It does not own the body: the server does.</summary>
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
