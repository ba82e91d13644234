using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Jaeger's Thrift (jaeger-idl, <c>thrift/jaeger.thrift</c> and <c>agent.thrift</c>): a bare <c>Batch</c>, as posted over HTTP, or a call
/// of <c>Agent.emitBatch</c>, as sent over UDP. Times are whole microseconds.
/// </summary>
public static class JaegerThrift
{
    private const string EmitBatch = "emitBatch";

    /// <summary>Reads spans from a bare batch or an <c>emitBatch</c> message.</summary>
    /// <param name="data">One batch; the caller limits its size.</param>
    /// <param name="protocol">The protocol, known from the port or from <see cref="TraceFormatDetector"/>.</param>
    /// <param name="rejected">Receives spans whose ids are all zero. If null, such a span is an error.</param>
    /// <exception cref="TraceFormatException">The bytes are in another format, or call another method.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ThriftProtocol protocol, ICollection<RejectedSpan>? rejected = null)
    {
        if (protocol == ThriftProtocol.Compact)
        {
            var compact = new ThriftCompactReader(data);
            return Read(ref compact, data is [0x82, ..], rejected);
        }

        var binary = new ThriftBinaryReader(data);
        return Read(ref binary, data is [0x80, ..], rejected);
    }

    private static List<Span> Read<TReader>(ref TReader reader, bool isMessage, ICollection<RejectedSpan>? rejected)
        where TReader : IThriftReader, allows ref struct
    {
        if (!isMessage)
        {
            return new JaegerThriftReader(rejected).ReadBatch(ref reader);
        }

        var name = reader.ReadMessageName();
        if (name != EmitBatch)
        {
            throw reader.Error($"expected a call of {EmitBatch}, found \"{(name.Length <= 64 ? name : name[..64])}\"");
        }

        short id = 0;
        while (reader.TryReadField(ref id, out var type))
        {
            if (id == 1 && type == ThriftType.Struct)
            {
                return new JaegerThriftReader(rejected).ReadBatch(ref reader);
            }

            ThriftSkipping.Skip(ref reader, type);
        }

        throw reader.Error("expected a batch as argument 1, found none");
    }
}
