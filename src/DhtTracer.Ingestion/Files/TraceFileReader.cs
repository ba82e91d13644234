using System.IO.Compression;
using System.Runtime.CompilerServices;
using DhtTracer.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.GoStdout;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Ingestion.Files;

/// <summary>Reads the spans of one file in any format, in pieces of limited size.</summary>
/// <param name="file">The file.</param>
/// <param name="maxDocumentBytes">Maximum bytes, decompressed, that are decoded as a whole.</param>
/// <param name="hints">What the user says about input that does not contain it.</param>
internal sealed class TraceFileReader(ImportFile file, long maxDocumentBytes, TraceHints hints)
{
    /// <summary>Approximate number of bytes of lines that are decoded together.</summary>
    private const int BlockBytes = 8 << 20;

    private const int MaxGzipLayers = 2;

    private Stream? _disk;

    /// <summary>Number of bytes read from the file on disk.</summary>
    public long BytesRead => _disk?.Position ?? 0;

    /// <summary>A remark for the import report that is not an error. Available when the whole file is read.</summary>
    public string? Note { get; private set; }

    /// <summary>Reads the spans, one piece at a time.</summary>
    /// <param name="rejected">Receives spans that cannot be kept, such as those without a trace id.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    /// <exception cref="TraceFormatException">The file does not match the detected format.</exception>
    /// <exception cref="UnknownFormatException">The beginning of the file matches no known format.</exception>
    /// <exception cref="IOException">The file cannot be read, or is too large to be decoded as a whole.</exception>
    public async IAsyncEnumerable<IReadOnlyList<Span>> ReadAsync(
        ICollection<RejectedSpan> rejected,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var source = file.Open();
        _disk = source;
        Stream stream = source;
        var head = await FillAsync(stream, TraceFormatDetector.RecommendedHead, cancellationToken);
        var format = TraceFormatDetector.Detect(head);
        for (var layer = 0; format == TraceFormat.Gzip; layer++)
        {
            if (layer == MaxGzipLayers)
            {
                throw new TraceFormatException("gzip", 0, $"found gzip inside gzip more than {MaxGzipLayers} times");
            }

            stream = new GZipStream(new PrefixedStream(head, stream), CompressionMode.Decompress);
            head = await InflateAsync(() => FillAsync(stream, TraceFormatDetector.RecommendedHead, cancellationToken));
            format = TraceFormatDetector.Detect(head);
        }

        if (head.Length == 0)
        {
            throw new UnknownFormatException("the file is empty");
        }

        var whole = new PrefixedStream(head, stream);
        if (format is TraceFormat.OtlpJsonLines)
        {
            await foreach (var block in BlocksAsync(whole, cancellationToken))
            {
                yield return Shifted(block, () => OtlpJson.DecodeLines(block.Bytes.Span, rejected));
            }

            yield break;
        }

        if (LineReader(format, hints, rejected) is { } lines)
        {
            await foreach (var block in BlocksAsync(whole, cancellationToken))
            {
                yield return lines.Read(block.Bytes.Span);
            }

            yield return lines.Finish();
            Note = lines.Note;
            if (format is TraceFormat.RustLog or TraceFormat.KuboLog && Note is not null)
            {
                throw new UnknownFormatException(Note);
            }

            yield break;
        }

        if (format == TraceFormat.Unknown)
        {
            throw new UnknownFormatException(
                "it is none of the formats that can be imported (OTLP JSON or protobuf, Jaeger JSON v1 or v3, Jaeger Thrift, "
                    + "Zipkin JSON v2, Go stdouttrace, "
                    + "a log of rust-libp2p, litep2p or Kubo, query events of a Kubo, an event log of 2019, "
                    + "an IPFS Request Trace, an HTML page exported by DhtTracer)"
            );
        }

        var document = await InflateAsync(() => ReadToEndAsync(whole, cancellationToken));
        yield return TraceFileDecoder.Decode(format, document, hints, rejected);
    }

    private static ISpanLineReader? LineReader(TraceFormat format, TraceHints hints, ICollection<RejectedSpan> rejected) =>
        format switch
        {
            TraceFormat.GoStdoutLines => GoStdoutTrace.Lines(rejected),
            TraceFormat.RustLog => new RustLogReader(hints, rejected),
            TraceFormat.KuboLog => new KuboLogReader(hints, rejected),
            _ => null,
        };

    private static async Task<byte[]> FillAsync(Stream stream, int count, CancellationToken cancellationToken)
    {
        var buffer = new byte[count];
        var read = await stream.ReadAtLeastAsync(buffer, count, throwOnEndOfStream: false, cancellationToken);
        return buffer.AsSpan(0, read).ToArray();
    }

    private async Task<byte[]> ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0; )
        {
            if (all.Length + read > maxDocumentBytes)
            {
                throw new IOException(
                    $"it holds more than {maxDocumentBytes >> 20} MiB in one document: split it, or write one document per line"
                );
            }

            await all.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return all.ToArray();
    }

    private static async Task<byte[]> InflateAsync(Func<Task<byte[]>> read)
    {
        try
        {
            return await read();
        }
        catch (InvalidDataException broken)
        {
            throw new TraceFormatException(
                "gzip",
                0,
                $"the compressed data is damaged or cut off ({broken.Message.TrimEnd('.')})",
                innerException: broken
            );
        }
    }

    /// <summary>Returns whole lines, as many as fit in a block.</summary>
    private async IAsyncEnumerable<Block> BlocksAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[BlockBytes];
        var held = 0;
        long offset = 0;
        long line = 0;
        while (true)
        {
            var read = 0;
            try
            {
                read = await stream.ReadAtLeastAsync(
                    buffer.AsMemory(held),
                    buffer.Length - held,
                    throwOnEndOfStream: false,
                    cancellationToken
                );
            }
            catch (InvalidDataException broken)
            {
                throw new TraceFormatException(
                    "gzip",
                    offset,
                    $"the compressed data is damaged or cut off ({broken.Message.TrimEnd('.')})",
                    line + 1,
                    broken
                );
            }

            held += read;
            var ended = held < buffer.Length;
            var end = ended ? held : buffer.AsSpan(0, held).LastIndexOf((byte)'\n') + 1;
            if (end == 0 && !ended)
            {
                if (buffer.Length >= maxDocumentBytes)
                {
                    throw new IOException($"line {line + 1} is longer than {maxDocumentBytes >> 20} MiB: split it");
                }

                Array.Resize(ref buffer, (int)Math.Min(Math.Min(maxDocumentBytes, Array.MaxLength), buffer.Length * 2L));
                continue;
            }

            if (end > 0)
            {
                yield return new Block(buffer.AsMemory(0, end), offset, line);
                offset += end;
                line += buffer.AsSpan(0, end).Count((byte)'\n');
                buffer.AsSpan(end, held - end).CopyTo(buffer);
                held -= end;
            }

            if (ended)
            {
                yield break;
            }
        }
    }

    /// <summary>Decoders count from the beginning of their input. Errors must count from the beginning of the file.</summary>
    private static T Shifted<T>(Block block, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (TraceFormatException error)
        {
            throw new TraceFormatException(error.Format, error.Offset + block.Offset, error.Problem, error.Line + block.Line, error);
        }
    }

    private readonly record struct Block(ReadOnlyMemory<byte> Bytes, long Offset, long Line);
}

/// <summary>The beginning of a file matches no known format.</summary>
public sealed class UnknownFormatException(string message) : Exception(message);
