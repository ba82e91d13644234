using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.GoStdout;

/// <summary>
/// The JSON of OpenTelemetry Go's <c>stdouttrace</c> exporter, one span per line. Kubo writes it with <c>OTEL_TRACES_EXPORTER=file</c>
/// (pkg.go.dev/go.opentelemetry.io/otel/exporters/stdout/stdouttrace). The spans equal those that the same program sends by OTLP, except
/// that the format has no schema URL of the resource.
/// </summary>
/// <example>
/// <c>{"Name":"…RunQuery","SpanContext":{"TraceID":"6999…","SpanID":"b587…","TraceFlags":"01","TraceState":"","Remote":false},"Parent":{…},
/// "SpanKind":1,"StartTime":"2026-11-30T05:56:08.694852201Z","EndTime":"…",
/// "Attributes":[{"Key":"to","Value":{"Type":"STRING","Value":"12D3…"}}],"Events":null,"Links":null,
/// "Status":{"Code":"Unset","Description":""},"DroppedAttributes":0,…,"Resource":[…],"InstrumentationScope":{…}}</c>
/// </example>
public static class GoStdoutTrace
{
    internal const string Format = "Go stdouttrace";

    /// <summary>Reads consecutive spans, one per line or indented.</summary>
    /// <param name="data">The whole text; the caller limits its size.</param>
    /// <param name="rejected">Receives spans without a valid trace id or span id. If null, such a span is an error.</param>
    /// <exception cref="TraceFormatException">The text is not output of this exporter.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null)
    {
        var spans = new List<Span>();
        var groups = new GoStdoutGroups();
        var cursor = new JsonCursor(data, Format, new Utf8StringCache(4096), severalValues: true);
        try
        {
            while (cursor.Read())
            {
                var offset = cursor.Offset;
                if (GoStdoutSpanReader.Read(ref cursor, groups, out var problem) is { } span)
                {
                    spans.Add(span);
                }
                else if (rejected is not null)
                {
                    rejected.Add(new RejectedSpan(offset, problem));
                }
                else
                {
                    throw cursor.ErrorAt(offset, problem);
                }
            }

            return spans;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    /// <summary>
    /// Makes a reader for files with one span per line. A line that is not a span is rejected; the other lines are still read.
    /// </summary>
    /// <param name="rejected">Receives the place and problem of each line that cannot be read.</param>
    public static ISpanLineReader Lines(ICollection<RejectedSpan> rejected) => new GoStdoutLineReader(rejected);
}

/// <summary>Reads one span per line.</summary>
internal sealed class GoStdoutLineReader(ICollection<RejectedSpan> rejected) : ISpanLineReader
{
    private readonly Utf8StringCache _texts = new(4096);
    private readonly GoStdoutGroups _groups = new();
    private long _offset;
    private long _lines;

    /// <inheritdoc/>
    public string? Note { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<Span> Read(ReadOnlySpan<byte> lines)
    {
        var spans = new List<Span>();
        var walk = new TextLines(lines, _offset, _lines);
        while (walk.Next())
        {
            if (walk.Line.Trim(" \t"u8).IsEmpty)
            {
                continue;
            }

            if (ReadLine(walk.Line, out var problem) is { } span)
            {
                spans.Add(span);
            }
            else if (walk.IsWhole)
            {
                rejected.Add(new RejectedSpan(walk.Offset, $"line {walk.Number}: {problem}"));
            }
            else
            {
                // The exporter is still writing, or was killed in the middle of a line.
                Note = $"Line {walk.Number}, the last one, is cut off: it was left out. Import the file again when it is complete";
            }
        }

        _offset += lines.Length;
        _lines = walk.Number;
        return spans;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Span> Finish() => [];

    private Span? ReadLine(ReadOnlySpan<byte> line, out string problem)
    {
        var cursor = new JsonCursor(line, GoStdoutTrace.Format, _texts);
        try
        {
            cursor.Read();
            var span = GoStdoutSpanReader.Read(ref cursor, _groups, out problem);

            // Throws if anything follows.
            cursor.Read();
            return span;
        }
        catch (JsonException exception)
        {
            problem = $"expected a span as one JSON object; {cursor.Wrap(exception).Problem}";
            return null;
        }
        catch (TraceFormatException exception)
        {
            problem = exception.Problem;
            return null;
        }
    }
}
