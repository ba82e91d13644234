using System.Buffers;
using System.Buffers.Binary;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage.Inbox;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>Reads and decompresses a whole request body, within two limits.</summary>
public sealed class RequestBody : IDisposable
{
    private readonly BodyMemory _memory;
    private byte[] _buffer = [];
    private int _length;
    private long _taken;

    private RequestBody(BodyMemory memory) => _memory = memory;

    /// <summary>The body; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>
    /// The body as it was sent, if the inbox can keep it like that; else null. Stays valid after <see cref="Dispose"/> and does not change.
    /// </summary>
    public ReceivedForm? AsReceived { get; private set; }

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
            if (KeptEncoding(encoding) is { } kept)
            {
                var data = await body.ReadAllAsync(sent, request.ContentLength, cancellationToken);
                body.AsReceived = new ReceivedForm(data, kept);
                await using var whole = await ContentDecoding.OpenAsync(
                    encoding,
                    new MemoryStream(data, writable: false),
                    BodyMemory.Shared,
                    cancellationToken
                );
                body.Fill(whole, limits.MaxInflatedBytes, ExpectedLength(data, kept));
                return body;
            }

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

        _memory.Return(_taken);
        _taken = 0;
    }

    private static BodyEncoding? KeptEncoding(string encoding) =>
        encoding.ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => BodyEncoding.Gzip,
            "ZSTD" => BodyEncoding.Zstd,
            _ => null,
        };

    /// <summary>Size after decompression, if the body tells it. The sender claims it, so it is only a hint.</summary>
    private static long ExpectedLength(byte[] data, BodyEncoding encoding)
    {
        // A gzip member ends with its size modulo 2^32: https://www.rfc-editor.org/rfc/rfc1952#page-5
        // One byte more, because the end is seen only when there is room for another byte.
        return encoding == BodyEncoding.Gzip && data.Length >= 18
            ? BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(data.Length - 4)) + 1L
            : data.Length * 5L;
    }

    /// <summary>
    /// Reads everything that was sent. The array is not pooled: it is kept until the commit, which may outlast the request.
    /// </summary>
    private async Task<byte[]> ReadAllAsync(Stream sent, long? expected, CancellationToken cancellationToken)
    {
        // The sender claims the expected length, so trust it only up to 1 MiB.
        var data = Allocate((int)Math.Clamp(expected ?? 0, 4 << 10, 1 << 20));
        var length = 0;
        while (true)
        {
            var read = await sent.ReadAsync(data.AsMemory(length), cancellationToken);
            length += read;
            if (read == 0 || length == expected)
            {
                Array.Resize(ref data, length);
                return data;
            }

            if (length == data.Length)
            {
                var larger = Allocate((int)Math.Min(Array.MaxLength, 2L * length));
                data.CopyTo(larger, 0);
                data = larger;
            }
        }
    }

    private byte[] Allocate(int size)
    {
        _memory.Take(size);
        _taken += size;
        return new byte[size];
    }

    private void Fill(Stream stream, int limit, long expected)
    {
        _buffer = Rent((int)Math.Clamp(expected, 4 << 10, 4 << 20));
        while (true)
        {
            var read = stream.Read(_buffer.AsSpan(_length));
            if (read == 0)
            {
                return;
            }

            Add(read, limit);
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

            Add(read, limit);
        }
    }

    private void Add(int read, int limit)
    {
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
