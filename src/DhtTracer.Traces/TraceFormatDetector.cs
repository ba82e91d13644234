using System.Buffers.Binary;
using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.HtmlPage;
using DhtTracer.Traces.KuboLogs;

namespace DhtTracer.Traces;

/// <summary>Recognises a format by its first bytes, never by a file name.</summary>
public static class TraceFormatDetector
{
    /// <summary>Number of leading bytes that suffice in practice.</summary>
    public const int RecommendedHead = 64 * 1024;

    /// <summary>Recognises the format.</summary>
    /// <param name="head">
    /// The beginning of the input, or all of it. A single OTLP JSON document and one document per line differ only after the first
    /// document. If that is longer than the head, the answer is <see cref="TraceFormat.OtlpJson"/>; <see cref="Otlp.OtlpJson.DecodeLines"/>
    /// reads both.
    /// </param>
    public static TraceFormat Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            return TraceFormat.Gzip;
        }

        var text = head.StartsWith(Encoding.UTF8.Preamble) ? head[Encoding.UTF8.Preamble.Length..] : head;
        text = text.TrimStart(" \t\r\n"u8);
        var format =
            text.Length == 0
                ? TraceFormat.Unknown
                : text[0] switch
                {
                    (byte)'{' or (byte)'[' => JsonFormatDetector.Detect(text),
                    (byte)'<' => HtmlPageSpans.IsPage(text) ? TraceFormat.HtmlPage : TraceFormat.Unknown,
                    (byte)'d' or (byte)'e' or (byte)'i' or (byte)'r' or (byte)':' => DetectServerSentEvents(text),
                    _ => TraceFormat.Unknown,
                };

        if (format == TraceFormat.Unknown && KuboLogReader.IsLog(text))
        {
            return TraceFormat.KuboLog;
        }

        // A log may begin with anything, such as a date, a colour or a container's prefix, and may be JSON too.
        if (format == TraceFormat.Unknown && RustLogDetector.IsLog(text))
        {
            return TraceFormat.RustLog;
        }

        // A protobuf message may also begin with the bytes of a line break and a brace. If the text is not recognised, try binary.
        return format == TraceFormat.Unknown ? DetectBinary(head) : format;
    }

    private static TraceFormat DetectServerSentEvents(ReadOnlySpan<byte> text) =>
        text.StartsWith("data:"u8)
        || text.StartsWith("event:"u8)
        || text.StartsWith("id:"u8)
        || text.StartsWith("retry:"u8)
        || text[0] == ':'
            ? TraceFormat.EventLogServerSentEvents
            : TraceFormat.Unknown;

    private static TraceFormat DetectBinary(ReadOnlySpan<byte> head)
    {
        // Thrift messages: version 1 of the binary protocol is 80 01, the compact protocol begins with 82.
        if (head.StartsWith((ReadOnlySpan<byte>)[0x80, 0x01, 0x00]))
        {
            return TraceFormat.JaegerThriftBinary;
        }

        if (head.Length > 1 && head[0] == 0x82 && (head[1] & 0x1F) == 1)
        {
            return TraceFormat.JaegerThriftCompact;
        }

        // A bare Batch begins with field 1, a struct (Process), or field 2, a list (spans).
        if (head.StartsWith((ReadOnlySpan<byte>)[0x0C, 0x00, 0x01]) || head.StartsWith((ReadOnlySpan<byte>)[0x0F, 0x00, 0x02, 0x0C]))
        {
            return TraceFormat.JaegerThriftBinary;
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x1C, 0x18]))
        {
            return TraceFormat.JaegerThriftCompact;
        }

        if (head.Length > 5 && head[0] <= 1 && LooksLikeGrpc(head))
        {
            return TraceFormat.OtlpGrpc;
        }

        return LooksLikeTracesData(head) ? TraceFormat.OtlpProtobuf : TraceFormat.Unknown;
    }

    // Flag, four bytes of length, message. A set flag means compressed, in practice with gzip.
    private static bool LooksLikeGrpc(ReadOnlySpan<byte> head)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(head[1..]);
        return length <= int.MaxValue
            && (head[0] == 1 ? head[5..].StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) : LooksLikeTracesData(head[5..]));
    }

    // Field 1 (ResourceSpans). It contains field 1, 2 or 3, also length-delimited and not longer than it.
    private static bool LooksLikeTracesData(ReadOnlySpan<byte> head)
    {
        if (head.Length < 2 || head[0] != 0x0A || !TryReadLength(head[1..], out var outer, out var used))
        {
            return false;
        }

        var inner = head[(1 + used)..];
        if (outer == 0 || inner.IsEmpty)
        {
            return outer == 0;
        }

        return inner[0] is 0x0A or 0x12 or 0x1A
            && TryReadLength(inner[1..], out var nested, out var nestedUsed)
            && 1 + nestedUsed + nested <= outer;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> bytes, out long length, out int used)
    {
        length = 0;
        for (used = 0; used < Math.Min(10, bytes.Length); used++)
        {
            length |= (long)(bytes[used] & 0x7F) << (7 * used);
            if (bytes[used] < 0x80)
            {
                used++;
                return length is >= 0 and <= int.MaxValue;
            }
        }

        return false;
    }
}
