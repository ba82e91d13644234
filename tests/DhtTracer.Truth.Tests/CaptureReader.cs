using System.IO.Compression;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Truth.Tests;

/// <summary>Reads the files of a capture.</summary>
internal static class CaptureReader
{
    /// <summary>Content of a gzip file, which may be several streams one after the other.</summary>
    public static byte[] Gunzip(string path)
    {
        using var file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>
    /// Spans of gzipped <c>ExportTraceServiceRequest</c> bodies. Several bodies in one file need no border between them: protobuf reads
    /// concatenated messages as one.
    /// </summary>
    public static IReadOnlyList<Span> Spans(IEnumerable<string> paths)
    {
        var spans = new List<Span>();
        foreach (var path in paths)
        {
            var rejected = new List<RejectedSpan>();
            spans.AddRange(OtlpProtobuf.Decode(Gunzip(path), rejected));
            Assert.Empty(rejected);
        }

        return spans;
    }

    /// <summary>The values of a file with one JSON value a line, gzipped or not.</summary>
    public static IReadOnlyList<JsonElement> JsonLines(string path)
    {
        var content = path.EndsWith(".gz", StringComparison.Ordinal) ? Gunzip(path) : File.ReadAllBytes(path);
        var values = new List<JsonElement>();
        foreach (var line in Lines(content))
        {
            if (line.Length > 0)
            {
                values.Add(JsonSerializer.Deserialize<JsonElement>(content.AsSpan(line.Start, line.Length)));
            }
        }

        return values;
    }

    private static IEnumerable<(int Start, int Length)> Lines(byte[] content)
    {
        for (var start = 0; start < content.Length; )
        {
            var end = Array.IndexOf(content, (byte)'\n', start);
            end = end < 0 ? content.Length : end;
            yield return (start, end - start);
            start = end + 1;
        }
    }
}
