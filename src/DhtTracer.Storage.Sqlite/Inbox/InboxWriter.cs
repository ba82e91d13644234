using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Sqlite.Connections;

namespace DhtTracer.Storage.Sqlite.Inbox;

/// <summary>Adds messages to the inbox, and takes analysed traces out of them.</summary>
internal static class InboxWriter
{
    /// <summary>Adds a message.</summary>
    /// <returns>Its number.</returns>
    public static long Append(WriteSession session, InboxBody body, long now)
    {
        var row =
            session["INSERT INTO inbox (received_ns, waiting) VALUES (?1, ?2) RETURNING no"]
                .Bind(1, now)
                .Bind(2, body.Chunks.Count)
                .RunScalar()
            ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
        session["INSERT INTO inbox_body (no, encoding, data) VALUES (?1, ?2, ?3)"]
            .Bind(1, row)
            .Bind(2, (long)body.Encoding)
            .Bind(3, body.Data.Span)
            .Run();
        var created = 0L;
        Span<byte> id = stackalloc byte[16];
        foreach (var chunk in body.Chunks)
        {
            chunk.TraceId.WriteBytes(id);
            var trace = session["SELECT no FROM trace WHERE trace_id = ?1"].Bind(1, id).RunScalar();
            if (trace is null)
            {
                trace = session["INSERT INTO trace (trace_id, received_ns) VALUES (?1, ?2) RETURNING no"]
                    .Bind(1, id)
                    .Bind(2, now)
                    .RunScalar();
                session["DELETE FROM tombstone WHERE trace_id = ?1"].Bind(1, id).Run();
                created++;
            }

            session["INSERT INTO inbox_trace (trace, inbox, span_count) VALUES (?1, ?2, ?3)"]
                .Bind(1, trace)
                .Bind(2, row)
                .Bind(3, chunk.SpanCount)
                .Run();
        }

        if (created > 0)
        {
            session["UPDATE total SET traces = traces + ?1"].Bind(1, created).Run();
        }

        return row;
    }

    /// <summary>Takes a trace out of a message. <see cref="Remove"/> completes this.</summary>
    /// <param name="session">The write.</param>
    /// <param name="trace">Number of the trace.</param>
    /// <param name="row">Number of the message.</param>
    /// <param name="released">Counts the traces taken out of each message.</param>
    public static void Release(WriteSession session, long trace, long row, Dictionary<long, int> released)
    {
        // Another process may have released it already. Counting it twice would delete a message that is still needed.
        if (
            session["DELETE FROM inbox_trace WHERE trace = ?1 AND inbox = ?2 RETURNING 1"].Bind(1, trace).Bind(2, row).RunScalar()
            is not null
        )
        {
            released[row] = released.GetValueOrDefault(row) + 1;
        }
    }

    /// <summary>Takes a trace out of all messages. <see cref="Remove"/> completes this.</summary>
    public static void ReleaseAll(WriteSession session, long trace, Dictionary<long, int> released)
    {
        var rows = new List<long>();
        var select = session["SELECT inbox FROM inbox_trace WHERE trace = ?1"].Bind(1, trace);
        while (select.Step())
        {
            rows.Add(select.GetInt64(0));
        }

        select.Reset();
        rows.ForEach(row => Release(session, trace, row, released));
    }

    /// <summary>Deletes the messages of which no trace waits any more.</summary>
    public static void Remove(WriteSession session, Dictionary<long, int> released)
    {
        foreach (var (row, count) in released)
        {
            if (
                session["UPDATE inbox SET waiting = waiting - ?2 WHERE no = ?1 RETURNING waiting"].Bind(1, row).Bind(2, count).RunScalar()
                <= 0
            )
            {
                session["DELETE FROM inbox WHERE no = ?1"].Bind(1, row).Run();
            }
        }
    }
}
