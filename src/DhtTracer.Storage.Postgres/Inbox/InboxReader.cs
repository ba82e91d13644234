using Dapper;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Inbox;

/// <summary>Reads messages that wait in the inbox.</summary>
internal static class InboxReader
{
    /// <summary>The numbers of all messages.</summary>
    public static IReadOnlyList<long> Numbers(NpgsqlConnection connection) =>
        connection.Query<long>("SELECT no FROM inbox ORDER BY no").AsList();

    /// <summary>Reads whole messages. A damaged message is returned with its problem, so that it does not hide the others.</summary>
    public static IReadOnlyList<InboxRow> Rows(NpgsqlConnection connection, long after, long most)
    {
        var rows = new List<InboxRow>();
        var bytes = 0L;
        foreach (
            var (row, received, encoding, data, ids, counts) in connection.Query<(long, long, short, byte[], byte[][], long[])>(
                """
                SELECT i.no, i.received_ns, i.encoding, i.data, w.ids, w.counts
                FROM inbox i JOIN LATERAL (
                  SELECT array_agg(t.trace_id ORDER BY t.no) AS ids, array_agg(w.span_count ORDER BY t.no) AS counts
                  FROM inbox_trace w JOIN trace t ON t.hash = w.hash AND t.no = w.trace WHERE w.inbox = i.no) w ON w.ids IS NOT NULL
                WHERE i.no > @after ORDER BY i.no
                """,
                new { after },
                buffered: false
            )
        )
        {
            var waiting = ids.Zip(counts).ToDictionary(static pair => TraceId.FromBytes(pair.First), static pair => (int)pair.Second);
            try
            {
                var chunks = Slices(data, (BodyEncoding)encoding)
                    .Where(slice => waiting.ContainsKey(slice.TraceId))
                    .Select(static slice => new TraceChunk(slice.TraceId, slice.Otlp, slice.SpanCount))
                    .ToList();
                rows.Add(new InboxRow(row, received, chunks));
                bytes += chunks.Sum(static chunk => (long)chunk.Otlp.Length);
            }
            catch (InvalidDataException error)
            {
                rows.Add(
                    new InboxRow(
                        row,
                        received,
                        [.. waiting.Select(static trace => new TraceChunk(trace.Key, default, trace.Value))],
                        error.Message
                    )
                );
            }

            if (bytes >= most)
            {
                break;
            }
        }

        return rows;
    }

    /// <summary>The waiting spans of one trace, by message.</summary>
    /// <exception cref="InvalidDataException">A message is damaged.</exception>
    public static IReadOnlyList<AssembledPart> OfTrace(NpgsqlConnection connection, int hash, long trace, TraceId traceId) =>
        [
            .. connection
                .Query<(long Row, long Received, short Encoding, byte[] Data)>(
                    """
                    SELECT i.no, i.received_ns, i.encoding, i.data FROM inbox_trace w JOIN inbox i ON i.no = w.inbox
                    WHERE w.hash = @hash AND w.trace = @trace ORDER BY i.no
                    """,
                    new { hash, trace }
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
