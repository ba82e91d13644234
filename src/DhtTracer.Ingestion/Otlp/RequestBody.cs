using System.Buffers;
using System.IO.Compression;
using DhtTracer.Ingestion.Receiving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>Reads a whole request body, inflated, within two limits.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly BodyMemory memory;
    private byte[] buffer = [];
    private int length;

    private RequestBody(BodyMemory memory) => this.memory = memory;

    /// <summary>What was read; good until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    /// <summary>Reads the body.</summary>
    /// <exception cref="BodyTooLargeException">A limit was passed.</exception>
    /// <exception cref="UnknownEncodingException">It is compressed in an unknown way.</exception>
    /// <exception cref="InvalidDataException">What says it is gzip is not.</exception>
    /// <exception cref="BodyMemoryExhaustedException">Too much arrives at once.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, OtlpOptions options, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (request.ContentLength > options.MaxCompressedBytes)
        {
            throw new BodyTooLargeException($"The body has {request.ContentLength} bytes; at most {options.MaxCompressedBytes} are taken. Send smaller batches.");
        }

        // Kestrel's own limit would close the connection with an empty answer; the limit below answers with a reason.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var sent = new CountingStream(request.Body, options.MaxCompressedBytes);
        var body = new RequestBody(BodyMemory.Shared);
        try
        {
            switch (encoding.ToUpperInvariant())
            {
                case "" or "IDENTITY":
                    await body.FillAsync(sent, options.MaxInflatedBytes, request.ContentLength, cancellationToken);
                    break;
                case "GZIP":
                    await using (var gzip = new GZipStream(sent, CompressionMode.Decompress))
                    {
                        await body.FillAsync(gzip, options.MaxInflatedBytes, request.ContentLength * 4, cancellationToken);
                    }

                    break;
                case "DEFLATE":
                    await using (var deflate = new ZLibStream(sent, CompressionMode.Decompress))
                    {
                        await body.FillAsync(deflate, options.MaxInflatedBytes, request.ContentLength * 4, cancellationToken);
                    }

                    break;
                default:
                    throw new UnknownEncodingException(encoding.Length > 40 ? encoding[..40] : encoding);
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
        if (buffer.Length > 0)
        {
            Return(buffer);
            buffer = [];
        }
    }

    private async Task FillAsync(Stream stream, int limit, long? expected, CancellationToken cancellationToken)
    {
        // The expected length is the sender's word: it is believed up to 4 MiB.
        buffer = Rent((int)Math.Clamp(expected ?? 0, 16 << 10, 4 << 20));
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return;
            }

            length += read;
            if (length > limit)
            {
                throw new BodyTooLargeException($"The body has more than {limit} bytes when inflated, which is the limit. Send smaller batches.");
            }

            if (length == buffer.Length)
            {
                var larger = Rent((int)Math.Min(Array.MaxLength, 2L * length));
                Memory.CopyTo(larger);
                Return(buffer);
                buffer = larger;
            }
        }
    }

    private byte[] Rent(int size)
    {
        memory.Take(size);
        var rented = ArrayPool<byte>.Shared.Rent(size);

        // The pool may give more than was asked for, and what is given back is counted whole.
        memory.Return(size - rented.Length);
        return rented;
    }

    private void Return(byte[] rented)
    {
        memory.Return(rented.Length);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Fails when more than the limit is read from it.</summary>
    private sealed class CountingStream(Stream inner, long limit) : Stream
    {
        private long count;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => count;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read)
        {
            count += read;
            return count <= limit ? read : throw new BodyTooLargeException($"The body has more than {limit} bytes, which is the limit. Send smaller batches.");
        }
    }
}
