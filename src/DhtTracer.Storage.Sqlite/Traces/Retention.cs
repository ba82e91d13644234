using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.EventStreams;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Operations;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>Deletes old traces, a few per transaction, so that other writes are not held up.</summary>
internal static class Retention
{
    public const int Batch = 200;

    /// <summary>Deletes some of the oldest traces.</summary>
    /// <returns>Number of deleted traces, whether none are left, and the traces that need analysis again.</returns>
    public static (int Deleted, bool Done, IReadOnlyList<TraceId> Stale) DeleteBatch(WriteSession session, long beforeNs, long now)
    {
        var traces = new List<long>();
        var select = session["SELECT no FROM trace WHERE received_ns < ?1 ORDER BY received_ns LIMIT ?2"].Bind(1, beforeNs).Bind(2, Batch);
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
            deleted++;
        }

        InboxWriter.Remove(session, released);
        return (deleted, traces.Count < Batch, TraceWriter.MarkStale(session, stale));
    }

    /// <summary>Returns free pages to the file system.</summary>
    public static bool Shrink(WriteSession session)
    {
        session["PRAGMA incremental_vacuum(1000)"].Run();
        return true;
    }
}
