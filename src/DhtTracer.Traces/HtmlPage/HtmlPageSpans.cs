using System.Buffers;
using System.IO.Compression;
using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.HtmlPage;

/// <summary>
/// Embeds spans in an exported HTML page, so that the page can be imported again. They are gzipped OTLP protobuf in base64, in an invisible
/// element: <c>&lt;data id="dht-tracer-spans" value="H4sI…"&gt;&lt;/data&gt;</c>.
/// </summary>
public static class HtmlPageSpans
{
    private const string Format = "HTML page";
    private const long MaxInflated = 512L << 20;

    private static ReadOnlySpan<byte> Begin => "<data id=\"dht-tracer-spans\" value=\""u8;

    /// <summary>Writes the element.</summary>
    /// <param name="spans">Spans of one or more traces.</param>
    public static string Encode(IReadOnlyList<Span> spans)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(OtlpProtobuf.Encode(spans));
        }

        return $"{Encoding.ASCII.GetString(Begin)}{Convert.ToBase64String(packed.GetBuffer().AsSpan(0, (int)packed.Length))}\"></data>";
    }

    /// <summary>Whether the bytes are the beginning of an HTML page.</summary>
    /// <param name="head">The beginning, without leading white space.</param>
    public static bool IsPage(ReadOnlySpan<byte> head) =>
        head.Length >= 9 && (Ascii.EqualsIgnoreCase(head[..9], "<!doctype"u8) || Ascii.EqualsIgnoreCase(head[..5], "<html"u8));

    /// <summary>Reads the spans of a page.</summary>
    /// <param name="page">The whole page.</param>
    /// <param name="rejected">Receives spans that cannot be kept.</param>
    /// <exception cref="TraceFormatException">The page holds no spans, or they are damaged.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> page, ICollection<RejectedSpan> rejected)
    {
        var at = page.IndexOf(Begin);
        if (at < 0)
        {
            throw new TraceFormatException(
                Format,
                0,
                "the page holds no spans: only pages that DhtTracer exported with their spans can be imported"
            );
        }

        var text = page[(at + Begin.Length)..];
        var end = text.IndexOf((byte)'"');
        var packed = new byte[Math.Max(0, end) / 4 * 3];
        if (end < 0 || System.Buffers.Text.Base64.DecodeFromUtf8(text[..end], packed, out _, out var length) != OperationStatus.Done)
        {
            throw new TraceFormatException(Format, at, "the spans of the page are cut off or no base64");
        }

        return OtlpProtobuf.Decode(Inflate(packed.AsSpan(0, length).ToArray(), at), rejected);
    }

    private static byte[] Inflate(byte[] packed, int at)
    {
        using var all = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = gzip.Read(buffer)) > 0; )
            {
                if (all.Length + read > MaxInflated)
                {
                    throw new TraceFormatException(Format, at, $"the spans of the page inflate to more than {MaxInflated >> 20} MiB");
                }

                all.Write(buffer.AsSpan(0, read));
            }
        }
        catch (InvalidDataException broken)
        {
            throw new TraceFormatException(Format, at, "the spans of the page are damaged", innerException: broken);
        }

        return all.ToArray();
    }
}
