using System.Buffers.Binary;
using System.IO.Compression;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.GoStdout;
using DhtTracer.Traces.HtmlPage;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Thrift;
using DhtTracer.Traces.Zipkin;

namespace DhtTracer.Ingestion.Files;

/// <summary>Decodes a whole document of a known format.</summary>
internal static class TraceFileDecoder
{
    private const long MaxInflatedMessage = 512L << 20;

    /// <exception cref="TraceFormatException">The document does not match the detected format.</exception>
    public static IReadOnlyList<Span> Decode(
        TraceFormat format,
        ReadOnlyMemory<byte> document,
        TraceHints hints,
        ICollection<RejectedSpan> rejected
    ) =>
        format switch
        {
            TraceFormat.OtlpJson or TraceFormat.OtlpJsonLines => OtlpJson.DecodeLines(document.Span, rejected),
            TraceFormat.OtlpProtobuf => OtlpProtobuf.Decode(document, rejected),
            TraceFormat.JaegerJson => JaegerJson.Decode(document.Span, rejected),
            TraceFormat.JaegerV3Json => JaegerV3Json.Decode(document.Span, rejected),
            TraceFormat.JaegerThriftBinary => JaegerThrift.Decode(document.Span, ThriftProtocol.Binary, rejected),
            TraceFormat.JaegerThriftCompact => JaegerThrift.Decode(document.Span, ThriftProtocol.Compact, rejected),
            TraceFormat.ZipkinJson => ZipkinJson.Decode(document.Span, rejected),
            TraceFormat.EventLogServerSentEvents or TraceFormat.EventLogJsonLines => EventLog2019Reader.Decode(document.Span, rejected),
            TraceFormat.GoStdout => GoStdoutTrace.Decode(document.Span, rejected),
            TraceFormat.KuboEventsJsonLines => KuboEventReader.Decode(document, hints, rejected),
            TraceFormat.RequestTrace => RequestTraceSpans.Decode(document),
            TraceFormat.HtmlPage => HtmlPageSpans.Decode(document.Span, rejected),
            TraceFormat.OtlpGrpc => OtlpProtobuf.Decode(GrpcMessage(document), rejected),
            _ => throw new UnknownFormatException($"it looks like {format}, which cannot be imported from a file"),
        };

    /// <summary>
    /// Unpacks a recorded OTLP/gRPC call: a flag, four bytes of length, and the message, which is gzip-compressed if the flag is set.
    /// </summary>
    private static ReadOnlyMemory<byte> GrpcMessage(ReadOnlyMemory<byte> body)
    {
        const int prefix = 5;
        var length = body.Length >= prefix ? BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]) : 0;
        if (body.Length < prefix || length != body.Length - prefix)
        {
            throw new TraceFormatException(
                "OTLP over gRPC",
                1,
                $"expected one message of the {body.Length - prefix} bytes that follow, found the length {length}"
            );
        }

        if (body.Span[0] == 0)
        {
            return body[prefix..];
        }

        using var inflated = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(body[prefix..].ToArray()), CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = gzip.Read(buffer)) > 0; )
            {
                if (inflated.Length > MaxInflatedMessage)
                {
                    throw new TraceFormatException(
                        "OTLP over gRPC",
                        prefix,
                        $"the message inflates to more than {MaxInflatedMessage >> 20} MiB"
                    );
                }

                inflated.Write(buffer.AsSpan(0, read));
            }
        }
        catch (InvalidDataException broken)
        {
            throw new TraceFormatException("OTLP over gRPC", prefix, "the compressed message is damaged", innerException: broken);
        }

        return inflated.ToArray();
    }
}
