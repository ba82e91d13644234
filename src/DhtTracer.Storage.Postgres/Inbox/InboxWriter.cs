using Dapper;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Postgres.Connections;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Inbox;

/// <summary>Adds messages to the inbox, and takes analysed traces out of them.</summary>
internal sealed class InboxWriter
{
    private readonly List<InboxRow> _rows = [];
    private readonly List<InboxBody> _bodies = [];
    private long _transaction;

    /// <summary>Adds a message. It is written together with the others of the transaction, at its end.</summary>
    public InboxRow Append(WriteSession session, InboxBody body, long now)
    {
        // What a transaction that failed left behind is written when its writes run again.
        if (_transaction != session.Transactions)
        {
            Clear();
            _transaction = session.Transactions;
        }

        var row = new InboxRow(session.NextNumber("inbox_no"), now, body.Chunks);
        if (_rows.Count == 0)
        {
            session.AtEnd(() => Write(session));
        }

        _rows.Add(row);
        _bodies.Add(body);
        return row;
    }

    private void Clear()
    {
        _rows.Clear();
        _bodies.Clear();
    }

    private void Write(WriteSession session)
    {
        using (var copy = new CopyRows(session.Connection, "inbox (no, received_ns, encoding, data)"))
        {
            foreach (var (row, body) in _rows.Zip(_bodies))
            {
                copy.Row().Long(row.Row).Long(row.ReceivedUnixNano).Short((int)body.Encoding).Bytes(body.Data);
            }

            copy.Complete();
        }

        var chunks = _rows.SelectMany(static row => row.Waiting.Select(chunk => (row.Row, row.ReceivedUnixNano, Chunk: chunk))).ToList();
        var hashes = chunks.Select(static item => TraceKey.Hash(item.Chunk.TraceId)).ToArray();
        var ids = chunks.Select(static item => item.Chunk.TraceId.ToBytes()).ToArray();
        Clear();
        Create(session, hashes, ids, [.. chunks.Select(static item => item.ReceivedUnixNano)]);
        using var insert = new NpgsqlCommand(
            """
            INSERT INTO inbox_trace (hash, trace, inbox, span_count)
            SELECT t.hash, t.no, w.inbox, w.spans FROM unnest($1, $2, $3, $4) AS w(hash, id, inbox, spans)
            JOIN trace t ON t.hash = w.hash AND t.trace_id = w.id
            FOR KEY SHARE OF t
            """,
            session.Connection
        );
        insert.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = hashes });
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = ids });
        insert.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. chunks.Select(static item => item.Row)] });
        insert.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. chunks.Select(static item => (long)item.Chunk.SpanCount)] });
        if (insert.ExecuteNonQuery() != chunks.Count)
        {
            // Retention deleted a trace after it was found here. The write runs again and creates it.
            throw new PostgresException("A trace was deleted while spans of it arrived.", "ERROR", "ERROR", "40001");
        }
    }

    // Every process creates traces in the same order, so none waits for one that waits for it.
    private static void Create(WriteSession session, int[] hashes, byte[][] ids, long[] received)
    {
        using var insert = new NpgsqlCommand(
            """
            INSERT INTO trace (hash, trace_id, day, received_ns)
            SELECT w.hash, w.id, (to_timestamp(min(w.received) / 1000000000) AT TIME ZONE 'UTC')::date, min(w.received)
            FROM unnest($1, $2, $3) AS w(hash, id, received) GROUP BY w.hash, w.id ORDER BY w.hash, w.id
            ON CONFLICT (hash, trace_id) DO NOTHING RETURNING trace_id
            """,
            session.Connection
        );
        insert.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = hashes });
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = ids });
        insert.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = received });
        var created = new List<byte[]>();
        using (var reader = insert.ExecuteReader())
        {
            while (reader.Read())
            {
                created.Add((byte[])reader[0]);
            }
        }

        if (created.Count > 0)
        {
            session.Count(new Totals(created.Count, 0, 0, 0, 0));
            session.Connection.Execute("DELETE FROM tombstone WHERE trace_id = ANY(@ids)", new { ids = created.ToArray() });
        }
    }

    /// <summary>Takes traces out of messages, and deletes the messages of which no trace waits any more.</summary>
    /// <param name="session">The write.</param>
    /// <param name="released">Hash and number of each trace, and the number of the message.</param>
    public static void Release(WriteSession session, IReadOnlyList<(int Hash, long Trace, long Row)> released)
    {
        if (released.Count == 0)
        {
            return;
        }

        // Of two processes that take the last two traces out of a message, the second sees what the first did: it waits here.
        var rows = released.Select(static item => item.Row).Distinct().ToArray();
        session.Connection.Execute("SELECT no FROM inbox WHERE no = ANY(@rows) ORDER BY no FOR UPDATE", new { rows });
        session.Connection.Execute(
            """
            DELETE FROM inbox_trace w USING unnest(@hashes, @traces, @rows) AS u(hash, trace, inbox)
            WHERE w.hash = u.hash AND w.trace = u.trace AND w.inbox = u.inbox
            """,
            new
            {
                hashes = released.Select(static item => item.Hash).ToArray(),
                traces = released.Select(static item => item.Trace).ToArray(),
                rows = released.Select(static item => item.Row).ToArray(),
            }
        );
        session.Connection.Execute(
            "DELETE FROM inbox i WHERE i.no = ANY(@rows) AND NOT EXISTS (SELECT 1 FROM inbox_trace w WHERE w.inbox = i.no)",
            new { rows }
        );
    }
}
