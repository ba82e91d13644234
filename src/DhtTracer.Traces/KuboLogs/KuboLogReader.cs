using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.KuboLogs;

/// <summary>
/// Reads a saved log of a Kubo: JSON lines of <c>ipfs log tail</c>, or the daemon's standard error, also mixed. Lines that say nothing
/// about the provide sweep or about requests for blocks are skipped. One file must hold one node.
/// </summary>
/// <param name="hints">The node, which a log does not name.</param>
/// <param name="rejected">Receives the place and problem of each line that is too long.</param>
public sealed class KuboLogReader(TraceHints hints, ICollection<RejectedSpan> rejected) : ISpanLineReader
{
    private readonly KuboLogSpans _spans = new(hints.Node);
    private long _offset;
    private long _lines;
    private bool _hasLines;

    /// <inheritdoc/>
    public string? Note =>
        _hasLines
            ? null
            : "It is a log of a Kubo, but no line in it is of the logger dht/provider at level info or debug, nor of bitswap/session or "
                + "routing/provqrymgr at level debug. Run 'dht-tracer kubo watch', or 'ipfs log level dht/provider info' and save "
                + "'ipfs log tail'";

    /// <summary>Whether the beginning of a file is such a log: one of its lines has the form of one.</summary>
    /// <param name="head">The beginning; it may be truncated anywhere.</param>
    public static bool IsLog(ReadOnlySpan<byte> head)
    {
        var lines = new TextLines(head);
        while (lines.Next())
        {
            if (MayBe(lines.Line) && KuboLogLine.Parse(lines.Line) is not null)
            {
                return true;
            }

            // A line with the keys of a region can be longer than the head.
            if (!lines.IsWhole && lines.Line.IndexOf("\"logger\":\"dht/provider\""u8) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Span> Read(ReadOnlySpan<byte> lines)
    {
        var found = new List<Span>();
        var walk = new TextLines(lines, _offset, _lines);
        while (walk.Next())
        {
            if (!MayBe(walk.Line))
            {
                continue;
            }

            if (walk.Line.Length > KuboLogLine.MaxLength)
            {
                rejected.Add(new RejectedSpan(walk.Offset, $"line {walk.Number}: the line is longer than {KuboLogLine.MaxLength} bytes"));
            }
            else if (KuboLogLine.Parse(walk.Line) is { } line && (line.IsOfSweep || line.IsOfBlocks))
            {
                _hasLines = true;
                found.Add(_spans.Of(line));
            }
        }

        _offset += lines.Length;
        _lines = walk.Number;
        return found;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Span> Finish() => [];

    /// <summary>A cheap test that most lines of other programs fail.</summary>
    private static bool MayBe(ReadOnlySpan<byte> line) => line.IndexOf("\"logger\""u8) >= 0 || line.IndexOf(".go:"u8) >= 0;
}
