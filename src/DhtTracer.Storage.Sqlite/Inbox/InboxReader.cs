using Dapper;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Inbox;

/// <summary>Reads messages that wait in the inbox.</summary>
internal static class InboxReader
{
    /// <summary>The numbers of all messages.</summary>
    public static IReadOnlyList<long> Numbers(SqliteConnection connection) =>
        connection.Query<long>("SELECT no FROM inbox ORDER BY no").AsList();

    /// <summary>Reads whole messages. A damaged message is returned with its problem, so that it does not hide the others.</summary>
    public static IReadOnlyList<InboxRow> Rows(SqliteConnection connection, long after, long most)
    {
        using var select = new Statement(
            connection,
            "SELECT i.no, i.received_ns, b.encoding, b.data FROM inbox i JOIN inbox_body b ON b.no = i.no WHERE i.no > ?1 ORDER BY i.no"
        );
        using var waits = new Statement(
            connection,
            "SELECT 1 FROM trace t JOIN inbox_trace w ON w.trace = t.no WHERE t.trace_id = ?1 AND w.inbox = ?2"
        );
        var rows = new List<InboxRow>();
        var bytes = 0L;
        select.Bind(1, after);
        while (bytes < most && select.Step())
        {
            var (row, received) = (select.GetInt64(0), select.GetInt64(1));
            try
            {
                var waiting = new List<TraceChunk>();
                foreach (var slice in Slices(select.GetBlob(3).ToArray(), (BodyEncoding)select.GetInt64(2)))
                {
                    if (waits.Bind(1, slice.TraceId.ToBytes()).Bind(2, row).RunScalar() is not null)
                    {
                        waiting.Add(new TraceChunk(slice.TraceId, slice.Otlp, slice.SpanCount));
                        bytes += slice.Otlp.Length;
                    }
                }

                rows.Add(new InboxRow(row, received, waiting));
            }
            catch (InvalidDataException error)
            {
                rows.Add(new InboxRow(row, received, Traces(connection, row), error.Message));
            }
        }

        return rows;
    }

    private static List<TraceChunk> Traces(SqliteConnection connection, long row) =>
        connection
            .Query<(byte[] Id, long Spans)>(
                "SELECT t.trace_id, w.span_count FROM inbox_trace w JOIN trace t ON t.no = w.trace WHERE w.inbox = @row",
                new { row }
            )
            .Select(trace => new TraceChunk(TraceId.FromBytes(trace.Id), default, (int)trace.Spans))
            .ToList();

    /// <summary>The waiting spans of one trace, by message.</summary>
    /// <exception cref="InvalidDataException">A message is damaged.</exception>
    public static IReadOnlyList<AssembledPart> OfTrace(SqliteConnection connection, long trace, TraceId traceId) =>
        [
            .. connection
                .Query<(long Row, long Received, long Encoding, byte[] Data)>(
                    """
                    SELECT i.no, i.received_ns, b.encoding, b.data
                    FROM inbox_trace w JOIN inbox i ON i.no = w.inbox JOIN inbox_body b ON b.no = w.inbox
                    WHERE w.trace = @trace ORDER BY w.inbox
                    """,
                    new { trace }
                )
                .Select(row => new AssembledPart(
                    row.Row,
                    row.Received,
                    Slices(row.Data, (BodyEncoding)row.Encoding).FirstOrDefault(slice => slice.TraceId == traceId).Otlp
                )),
        ];

    private static IReadOnlyList<OtlpSlice> Slices(byte[] data, BodyEncoding encoding)
    {
        try
        {
            return OtlpSplitter.Split(BodyEncodings.Inflate(data, encoding)).Slices;
        }
        catch (TraceFormatException error)
        {
            throw new InvalidDataException($"A stored message is damaged: {error.Message}", error);
        }
    }
}
