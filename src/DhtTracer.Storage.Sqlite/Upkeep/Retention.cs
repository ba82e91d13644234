using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.EventStreams;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Operations;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Sqlite.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>Deletes traces, a few per transaction, so that other writes are not held up.</summary>
internal static class Retention
{
    /// <summary>Traces deleted in one transaction.</summary>
    public const int Batch = 200;

    /// <summary>Free pages handed back in one transaction: 16 MiB at SQLite's page size of 4 KiB.</summary>
    private const int PagesHandedBack = 4096;

    /// <summary>Deletes some of the traces that are older than a time, oldest first.</summary>
    /// <returns>Number of deleted traces, whether none are left, and the traces that need analysis again.</returns>
    public static (int Deleted, bool Done, IReadOnlyList<TraceId> Stale) DeleteBatch(WriteSession session, long beforeNs, long now)
    {
        var traces = new List<long>();
        var select = session[
            """
            SELECT no FROM trace WHERE received_ns < ?1 AND NOT EXISTS (SELECT 1 FROM pin WHERE pin.trace = trace.no)
            ORDER BY received_ns LIMIT ?2
            """
        ]
            .Bind(1, beforeNs)
            .Bind(2, Batch);
        while (select.Step())
        {
            traces.Add(select.GetInt64(0));
        }

        select.Reset();
        var deleted = 0;
        var stale = new HashSet<long>();
        var released = new Dictionary<long, int>();
        foreach (var trace in traces)
        {
            // Spans waiting for analysis arrived after received_ns was set, so the trace is not old.
            if (
                session["SELECT max(i.received_ns) FROM inbox_trace w JOIN inbox i ON i.no = w.inbox WHERE w.trace = ?1"]
                    .Bind(1, trace)
                    .RunScalar()
                    is { } newest
                && newest >= beforeNs
            )
            {
                session["UPDATE trace SET received_ns = ?2 WHERE no = ?1"].Bind(1, trace).Bind(2, newest).Run();
                continue;
            }

            Delete(session, trace, now, stale, released);
            deleted++;
        }

        InboxWriter.Remove(session, released);
        HandBack(session);
        return (deleted, traces.Count < Batch, TraceWriter.MarkStale(session, stale));
    }

    /// <summary>Deletes some of the traces that arrived first if the data need more than a number of bytes.</summary>
    /// <returns>Number of deleted traces, bytes that the data need now, whether nothing more is to do, and the traces that need analysis
    /// again.</returns>
    public static (int Deleted, long Bytes, bool Done, IReadOnlyList<TraceId> Stale) DeleteBatchOver(
        WriteSession session,
        long maxBytes,
        long now
    )
    {
        var deleted = 0;
        var stale = new HashSet<long>();
        var released = new Dictionary<long, int>();
        var traces = new List<long>();
        if (UsedBytes(session) > maxBytes)
        {
            var select = session[
                """
                SELECT no FROM trace WHERE NOT EXISTS (SELECT 1 FROM pin WHERE pin.trace = trace.no) ORDER BY received_ns LIMIT ?1
                """
            ]
                .Bind(1, Batch);
            while (select.Step())
            {
                traces.Add(select.GetInt64(0));
            }

            select.Reset();
        }

        while (deleted < traces.Count && UsedBytes(session) > maxBytes)
        {
            Delete(session, traces[deleted], now, stale, released);
            deleted++;
        }

        InboxWriter.Remove(session, released);
        HandBack(session);
        var bytes = UsedBytes(session);
        return (deleted, bytes, deleted == 0 || bytes <= maxBytes, TraceWriter.MarkStale(session, stale));
    }

    /// <summary>Hands free pages back to the file system, at most as many as one transaction should.</summary>
    /// <returns>Whether free pages are left.</returns>
    public static bool HandBack(WriteSession session)
    {
        // The number of pages cannot be bound to a pragma.
        session[$"PRAGMA incremental_vacuum({PagesHandedBack})"].Run();
        return session["PRAGMA freelist_count"].RunScalar() > 0;
    }

    /// <summary>Bytes of the database that hold data: without the free pages, which new data use first.</summary>
    private static long UsedBytes(WriteSession session)
    {
        var pages = session["PRAGMA page_count"].RunScalar() ?? 0;
        var free = session["PRAGMA freelist_count"].RunScalar() ?? 0;
        return (pages - free) * (session["PRAGMA page_size"].RunScalar() ?? 0);
    }

    private static void Delete(WriteSession session, long trace, long now, HashSet<long> stale, Dictionary<long, int> released)
    {
        session["INSERT OR REPLACE INTO tombstone SELECT trace_id, ?2 FROM trace WHERE no = ?1"].Bind(1, trace).Bind(2, now).Run();
        session[
            """
            UPDATE total SET traces = traces - 1,
              spans = spans - (SELECT span_count FROM trace WHERE no = ?1),
              raw_bytes = raw_bytes - (SELECT raw_bytes FROM trace WHERE no = ?1),
              queries = queries - (SELECT count(*) FROM query WHERE trace = ?1),
              operations = operations - (SELECT count(*) FROM dht_operation WHERE trace = ?1)
            """
        ]
            .Bind(1, trace)
            .Run();
        EventStreamLinks.Delete(session, trace, stale);
        var operations = OperationWriter.Delete(session, trace).Operations.Values;
        PartLinks.Unlink(session, operations);
        EventStreamLinks.Unlink(session, operations, stale);
        InboxWriter.ReleaseAll(session, trace, released);
        session["DELETE FROM trace WHERE no = ?1"].Bind(1, trace).Run();
    }
}
