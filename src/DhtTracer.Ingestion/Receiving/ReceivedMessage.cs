using System.Buffers;
using Grpc.Core;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// The raw bytes of a gRPC request, in a buffer from the shared pool. Receivers parse them directly, because generated message classes
/// would build each span twice.
/// </summary>
public sealed class ReceivedMessage : IDisposable
{
    private byte[] _buffer;
    private readonly int _length;

    private ReceivedMessage(ReadOnlySequence<byte> payload)
    {
        _length = checked((int)payload.Length);
        _buffer = ArrayPool<byte>.Shared.Rent(_length);
        payload.CopyTo(_buffer);
    }

    /// <summary>The bytes; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, []) is { Length: > 0 } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Defines a method whose request and answer are raw bytes.</summary>
    /// <param name="service">Package and service, such as <c>jaeger.api_v2.CollectorService</c>.</param>
    /// <param name="name">Name of the method.</param>
    public static Method<ReceivedMessage, byte[]> Method(string service, string name) =>
        new(
            MethodType.Unary,
            service,
            name,
            Marshallers.Create<ReceivedMessage>(
                static (message, context) => context.Complete(message.Memory.ToArray()),
                static context => new ReceivedMessage(context.PayloadAsReadOnlySequence())
            ),
            Marshallers.Create<byte[]>(static (answer, context) => context.Complete(answer), static context => context.PayloadAsNewBuffer())
        );
}
