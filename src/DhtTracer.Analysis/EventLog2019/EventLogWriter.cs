using System.Buffers;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Dialects;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>
/// Writes queries as the 2019 event log: server-sent events for the dht-tracer web app, <c>data: {json}</c> and an empty line. The log has
/// no fields for errors, agents, addresses and hidden answers, so they are left out. Fields that the log requires are empty when the query
/// does not hold them.
/// </summary>
public static class EventLogWriter
{
    /// <summary>Writes a query.</summary>
    /// <param name="output">Receives UTF-8.</param>
    /// <param name="query">A query of any dialect.</param>
    /// <param name="spans">
    /// The spans of its trace. If they came from such a log, its own lines are written again, byte for byte and sorted by time.
    /// </param>
    /// <returns>The number of lines.</returns>
    public static int Write(IBufferWriter<byte> output, Query query, IReadOnlyList<Span>? spans = null) =>
        WriteByLine(output, query, spans).Count();

    /// <summary>
    /// Like <see cref="Write"/>, but one line at each step, so that the caller can send each line at once. Every event repeats the peers
    /// seen so far: the log of a query with a thousand peers takes hundreds of MiB.
    /// </summary>
    /// <returns>The number of each line, from 1, when it is written.</returns>
    public static IEnumerable<int> WriteByLine(IBufferWriter<byte> output, Query query, IReadOnlyList<Span>? spans = null)
    {
        var number = 0;
        if (query.Node is { } node)
        {
            WriteLine(output, NodeLine(node));
            yield return ++number;
        }

        foreach (var line in spans is null ? [] : Original(query, spans))
        {
            WriteLine(output, line);
            yield return ++number;
        }

        if (query.Source == TraceSource.EventLog2019 && spans is not null)
        {
            yield break;
        }

        foreach (var happened in EventLogEvents.Of(query))
        {
            output.Write("data: "u8);
            EventLogEventWriter.Write(output, happened);
            output.Write("\n\n"u8);
            yield return ++number;
        }
    }

    // No event of a lookup names the node that made it, but a log line of its dialer does:
    // {"Logs":[{"Fields":[{"Key":"localPeer","Value":"Qm…"}]}]}.
    private static string NodeLine(string node) =>
        $$"""{"Logs":[{"Fields":[{"Key":"{{EventLogNames.Node}}","Value":"{{JsonEncodedText.Encode(node)}}"}]}]}""";

    private static IEnumerable<string> Original(Query query, IReadOnlyList<Span> spans) =>
        SpanMerge
            .Merge(spans)
            .Where(span => span.TraceId == query.Id.TraceId && span.ParentSpanId == query.Id.SpanId)
            .OrderBy(static span => span.StartUnixNano)
            .ThenBy(EventLog2019Peers.Rank)
            .ThenBy(static span => span.SpanId)
            .Select(static span => span.Text(EventLogNames.Line))
            .OfType<string>();

    private static void WriteLine(IBufferWriter<byte> output, string line)
    {
        output.Write("data: "u8);
        output.Write(Encoding.UTF8.GetBytes(line));
        output.Write("\n\n"u8);
    }
}
