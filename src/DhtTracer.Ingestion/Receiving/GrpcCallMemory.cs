using System.IO.Pipelines;
using Grpc.Core;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Counts the memory of one gRPC call: received bytes and their decompressed form. It counts actual bytes, not announced lengths, and
/// releases everything when the call ends.
/// </summary>
/// <param name="all">The memory of all calls together.</param>
/// <param name="maxMessageBytes">Maximum size of a message after decompression, in bytes.</param>
internal sealed class GrpcCallMemory(BodyMemory all, int maxMessageBytes) : IDisposable
{
    private static readonly AsyncLocal<GrpcCallMemory?> Running = new();
    private long _taken;

    /// <summary>The running call; null outside a call. Decoders of compressed messages have no other way to find their call.</summary>
    public static GrpcCallMemory? Current
    {
        get => Running.Value;
        set => Running.Value = value;
    }

    /// <summary>Maximum size of a message after decompression, in bytes.</summary>
    public int MaxMessageBytes => maxMessageBytes;

    /// <summary>Reserves bytes until the call ends.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: not enough bytes are left.</exception>
    public void Take(long bytes)
    {
        try
        {
            all.Take(bytes);
            _taken += bytes;
        }
        catch (BodyMemoryExhaustedException error)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, error.Message, error));
        }
    }

    /// <summary>Wraps a reader to count its bytes while they wait for a complete message.</summary>
    public PipeReader Metered(PipeReader inner) => new MeteredReader(inner, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        all.Return(_taken);
        _taken = 0;
    }

    private sealed class MeteredReader(PipeReader inner, GrpcCallMemory memory) : PipeReader
    {
        private long _most;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            Count(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult Count(ReadResult result)
        {
            if (result.Buffer.Length > _most)
            {
                var more = result.Buffer.Length - _most;
                try
                {
                    memory.Take(more);
                }
                catch (RpcException)
                {
                    inner.AdvanceTo(result.Buffer.End);
                    throw;
                }

                _most += more;
            }

            return result;
        }
    }
}
