using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.RustLogs;

/// <summary>State that both kinds of logs share: the node, the clock, query ids, and finished spans.</summary>
/// <param name="scope">Scope of all spans.</param>
/// <param name="hints">What the user knows about the query.</param>
internal sealed class RustLogTraces(string scope, TraceHints hints)
{
    private readonly InstrumentationScope _scope = new() { Name = scope };
    private readonly IncrementalHash _linesBefore = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private List<Span> _finished = [];
    private ulong _order;

    /// <summary>Number of finished queries, except background queries.</summary>
    public int Queries { get; private set; }

    /// <summary>Peer id of the logging node, since the start of its process; null if not logged.</summary>
    public string? Node { get; set; }

    /// <summary>The time of a line. For a log without times, its number among the relevant lines.</summary>
    public ulong TimeOf(RustLogLine line)
    {
        if (line.Time is { } time)
        {
            return time.Nanoseconds;
        }

        _linesBefore.AppendData(Encoding.UTF8.GetBytes($"{line.Target}\n{line.Message}\n{line.Field("peer")}\n{line.Field("source")}\n"));
        return ++_order;
    }

    /// <summary>Starts a query at this line.</summary>
    public RustLogQuery Begin(ulong number, RustLogLine line, ulong at)
    {
        // A line with a time is unique for a node, whatever comes before it. Without times, only all lines before it make it unique.
        var moment = line.Time is null
            ? Convert.ToHexStringLower(_linesBefore.GetCurrentHash())
            : at.ToString(CultureInfo.InvariantCulture);
        var query = new RustLogQuery(
            _scope,
            $"{scope}\n{Node}\n{number}\n{moment}\n{line.Message}\n{RustDebugText.Peer(line.Field("peer"))}",
            at
        );
        query.Set(RustLogNames.QueryNumber, (long)number);
        if (Node is not null)
        {
            query.Set(RustLogNames.Node, Node);
        }

        if (line.Time is not { IsUptime: false })
        {
            query.Set(RustLogNames.Clock, line.Time is null ? RustLogNames.ClockOrder : RustLogNames.ClockUptime);
        }

        return query;
    }

    /// <summary>Finishes a query, because it or the log ended.</summary>
    public void Finish(RustLogQuery query)
    {
        if (hints.Node is not null)
        {
            query.Set(RustLogNames.Node, hints.Node);
        }

        if (!query.IsBackground)
        {
            Queries++;
            if (hints.Type is not null)
            {
                query.Set(RustLogNames.GivenType, hints.Type);
            }

            if (hints.Key is not null)
            {
                query.Set(RustLogNames.GivenKey, hints.Key);
            }
        }

        Finish(query.Root());
    }

    /// <summary>Adds a span that will not change any more.</summary>
    public void Finish(Span span) => _finished.Add(span);

    /// <summary>Returns the spans finished since the last call.</summary>
    public IReadOnlyList<Span> Take()
    {
        var taken = _finished;
        _finished = [];
        return taken;
    }
}
