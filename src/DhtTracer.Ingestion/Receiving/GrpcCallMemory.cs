using System.IO.Pipelines;
using Grpc.Core;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// What one gRPC call holds of its request: bytes that have arrived, and what they inflate to. It counts what really comes, not what a
/// length prefix promises, and gives everything back when the call ends.
/// </summary>
/// <param name="all">What all calls together may hold.</param>
/// <param name="maxMessageBytes">Largest message after inflating.</param>
internal sealed class GrpcCallMemory(BodyMemory all, int maxMessageBytes) : IDisposable
{
    private static readonly AsyncLocal<GrpcCallMemory?> Running = new();
    private long _taken;

    /// <summary>The call that runs now; null outside of a call. The decoders of compressed messages know nothing else of their
    /// call.</summary>
    public static GrpcCallMemory? Current
    {
        get => Running.Value;
        set => Running.Value = value;
    }

    /// <summary>Largest message after inflating, in bytes.</summary>
    public int MaxMessageBytes => maxMessageBytes;

    /// <summary>Takes bytes until the call ends.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: there are not so many left.</exception>
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

    /// <summary>The same bytes, counted while they wait to be a whole message.</summary>
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
