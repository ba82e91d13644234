using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Reads a log of a Rust program that uses rust-libp2p or litep2p. Lines may be human-readable or JSON, coloured, or prefixed. Lines about
/// other things are skipped. One file must hold one node: lines of several nodes cannot be told apart.
/// </summary>
public sealed class RustLogReader : ISpanLineReader
{
    /// <summary>Longest line that is read, in bytes.</summary>
    public const int MaxLineLength = 1 << 20;

    private readonly RustLogTraces _libp2pTraces;
    private readonly RustLogTraces _litep2pTraces;
    private readonly RustLibp2pLog _libp2p;
    private readonly Litep2pLog _litep2p;
    private readonly TraceHints _hints;
    private readonly ICollection<RejectedSpan> _rejected;
    private long _offset;
    private long _lines;
    private bool _hasOurs;
    private bool _hasQueries;
    private bool _litep2pHasNoTargets;

    /// <summary>A line about a stream. A later line of the same event may name its peer.</summary>
    private RustLogLine? _stream;

    /// <summary>Makes a reader for one file.</summary>
    /// <param name="hints">What the user knows about the query.</param>
    /// <param name="rejected">Receives the place and problem of each line that cannot be read.</param>
    public RustLogReader(TraceHints hints, ICollection<RejectedSpan> rejected)
    {
        _hints = hints;
        _rejected = rejected;
        _libp2pTraces = new RustLogTraces(RustLogNames.RustLibp2pScope, hints);
        _litep2pTraces = new RustLogTraces(RustLogNames.Litep2pScope, hints);
        _libp2p = new RustLibp2pLog(_libp2pTraces);
        _litep2p = new Litep2pLog(_litep2pTraces);
    }

    /// <inheritdoc/>
    public string? Note =>
        _litep2pHasNoTargets
            ? "Its lines of litep2p have no target, so the protocol of a line about a connection is unknown, and these lines were not "
                + "read. Log with targets: with_target(true) of tracing-subscriber, which is the default"
        : _hasQueries ? null
        : _hasOurs
            ? "It has lines of libp2p but none about a query. Run the node with RUST_LOG=libp2p_kad=trace,libp2p_swarm=debug, or with "
                + "RUST_LOG=litep2p::ipfs::kademlia=trace,litep2p::transport-manager=trace"
        : "It is a log, but no line in it is of libp2p_kad or of litep2p. A log without targets needs with_target(true)";

    /// <inheritdoc/>
    public IReadOnlyList<Span> Read(ReadOnlySpan<byte> lines)
    {
        var walk = new TextLines(lines, _offset, _lines);
        while (walk.Next())
        {
            if (_stream is not null && IsRestOfEvent(walk.Line))
            {
                continue;
            }

            if (!RustLogLine.MayBe(walk.Line))
            {
                continue;
            }

            if (walk.Line.Length > MaxLineLength)
            {
                _rejected.Add(new RejectedSpan(walk.Offset, $"line {walk.Number}: the line is longer than {MaxLineLength} bytes"));
                continue;
            }

            if (RustLogLine.Parse(walk.Line) is not { } line)
            {
                _litep2pHasNoTargets |= RustLogProof.StartsLitep2pQuery(walk.Line);
            }
            else if (line.NeedsSpanPeer)
            {
                _stream = line;
            }
            else
            {
                ReadLine(line);
            }
        }

        _offset += lines.Length;
        _lines = walk.Number;
        return Take();
    }

    /// <inheritdoc/>
    /// <exception cref="TraceFormatException">The user gave a key or type, and the log does not hold exactly one matching
    /// query.</exception>
    public IReadOnlyList<Span> Finish()
    {
        EndEvent(null);
        _libp2p.Finish();
        _litep2p.Finish();
        var queries = _libp2pTraces.Queries + _litep2pTraces.Queries;
        if ((_hints.Key ?? _hints.Type) is not null && queries != 1)
        {
            throw new TraceFormatException(
                "log of one query",
                _offset,
                $"a key or type was given for the log of one query, but this one holds {queries}: cut out the lines of one, or give none",
                _lines
            );
        }

        return Take();
    }

    /// <summary>Whether a line belongs to the current multi-line event. If not, that event is over.</summary>
    private bool IsRestOfEvent(ReadOnlySpan<byte> bytes)
    {
        var line = bytes.Length > MaxLineLength ? "" : RustLogLine.WithoutColours(Encoding.UTF8.GetString(bytes));
        if (!RustLogLine.IsPrettyContinuation(line))
        {
            EndEvent(null);
            return false;
        }

        if (RustLogLine.PrettySpanPeer(line) is { } peer)
        {
            EndEvent(peer);
        }

        return true;
    }

    private void EndEvent(string? spanPeer)
    {
        if (_stream is { } line)
        {
            _stream = null;
            ReadLine(spanPeer is null ? line : line with { SpanPeer = spanPeer });
        }
    }

    private void ReadLine(RustLogLine line)
    {
        _hasOurs = true;
        if (line.Target.StartsWith("litep2p", StringComparison.Ordinal))
        {
            _litep2p.Read(line, _litep2pTraces.TimeOf(line));
        }
        else
        {
            _libp2p.Read(line, _libp2pTraces.TimeOf(line));
        }
    }

    private List<Span> Take()
    {
        List<Span> taken = [.. _libp2pTraces.Take(), .. _litep2pTraces.Take()];
        _hasQueries |= taken.Count > 0;
        return taken;
    }
}
