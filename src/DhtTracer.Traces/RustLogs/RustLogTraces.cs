using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DhtTracer.Traces.RustLogs;

/// <summary>What both kinds of logs share: the node, the clock, ids of queries, and the spans that are finished.</summary>
/// <param name="scope">Scope of all spans.</param>
/// <param name="hints">What the user knows of the query.</param>
internal sealed class RustLogTraces(string scope, TraceHints hints)
{
    private readonly InstrumentationScope _scope = new() { Name = scope };
    private readonly IncrementalHash _linesBefore = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private List<Span> _finished = [];
    private ulong _order;

    /// <summary>Finished queries that the node did not make for itself.</summary>
    public int Queries { get; private set; }

    /// <summary>Peer id of the logging node, from the start of its process on; null when the log does not tell.</summary>
    public string? Node { get; set; }

    /// <summary>The time of a line; of a log without times, its number among the lines that count.</summary>
    public ulong TimeOf(RustLogLine line)
    {
        if (line.Time is { } time)
        {
            return time.Nanoseconds;
        }

        _linesBefore.AppendData(Encoding.UTF8.GetBytes($"{line.Target}\n{line.Message}\n{line.Field("peer")}\n{line.Field("source")}\n"));
        return ++_order;
    }

    /// <summary>A query that begins with this line.</summary>
    public RustLogQuery Begin(ulong number, RustLogLine line, ulong at)
    {
        // A line with its time is unique for a node, whatever stands around it. Without times only all lines before it tell it apart.
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

    /// <summary>A query is over, or the log.</summary>
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

    /// <summary>A span will not change any more.</summary>
    public void Finish(Span span) => _finished.Add(span);

    /// <summary>Takes the spans that were finished since the last time.</summary>
    public IReadOnlyList<Span> Take()
    {
        var taken = _finished;
        _finished = [];
        return taken;
    }
}
