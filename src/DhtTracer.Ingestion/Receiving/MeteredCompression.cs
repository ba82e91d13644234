using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// One <c>grpc-encoding</c> with limits that the framework's providers lack: decompression stops at the limit of the call, and its output
/// is counted.
/// </summary>
/// <param name="name">gzip, deflate or zstd.</param>
/// <param name="maxMessageBytes">Maximum size of a message after decompression outside a served call, in bytes.</param>
internal sealed class MeteredCompression(string name, int maxMessageBytes) : ICompressionProvider
{
    public string EncodingName => name;

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel)
    {
        var level = compressionLevel ?? CompressionLevel.Fastest;
        return name switch
        {
            "gzip" => new GZipStream(stream, level, leaveOpen: true),
            "deflate" => new ZLibStream(stream, level, leaveOpen: true),
            _ => new ZstdSharp.CompressionStream(stream, leaveOpen: true),
        };
    }

    public Stream CreateDecompressionStream(Stream stream) =>
        new Inflating(
            name switch
            {
                "gzip" => new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true),
                "deflate" => new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true),
                _ => ContentDecoding.OpenZstd(stream, BodyMemory.Shared),
            },
            name,
            GrpcCallMemory.Current,
            maxMessageBytes
        );

    private sealed class Inflating(Stream inner, string name, GrpcCallMemory? memory, int maxMessageBytes) : ReadOnlyStream
    {
        private long _count;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return Count(inner.Read(buffer));
            }
            catch (InvalidDataException error)
            {
                throw new RpcException(new Status(StatusCode.Internal, $"A {name} message is damaged or cut off: {error.Message}", error));
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Count(await inner.ReadAsync(buffer, cancellationToken));
            }
            catch (InvalidDataException error)
            {
                throw new RpcException(new Status(StatusCode.Internal, $"A {name} message is damaged or cut off: {error.Message}", error));
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Count(int read)
        {
            memory?.Take(read);
            _count += read;
            var limit = memory?.MaxMessageBytes ?? maxMessageBytes;
            return _count <= limit
                ? read
                : throw new RpcException(
                    new Status(StatusCode.ResourceExhausted, $"A message has more than {limit} bytes when inflated, which is the limit.")
                );
        }
    }
}
