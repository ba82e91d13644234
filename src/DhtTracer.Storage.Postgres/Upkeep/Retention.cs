using System.Globalization;
using Dapper;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.EventStreams;
using DhtTracer.Storage.Postgres.Inbox;
using DhtTracer.Storage.Postgres.Operations;
using DhtTracer.Storage.Postgres.Parts;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Storage.Postgres.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Upkeep;

/// <summary>Deletes traces, a few per transaction, so that other writes are not held up, and the partitions of empty days.</summary>
internal static class Retention
{
    /// <summary>Traces deleted in one transaction.</summary>
    public const int Batch = 200;

    private static readonly string[] Partitioned =
    [
        "trace_part",
        "dht_operation",
        "query",
        "peer_operation",
        "trace_operation",
        "dependency",
    ];

    /// <summary>Deletes some of the traces that are older than a time, oldest first.</summary>
    /// <returns>Number of deleted traces, whether none are left, and the traces that need analysis again.</returns>
    public static (int Deleted, bool Done, IReadOnlyList<TraceId> Stale) DeleteBatch(WriteSession session, long beforeNs, long now)
    {
        session.Flush();
        var candidates = session
            .Connection.Query<byte[]>(
                "SELECT trace_id FROM trace WHERE received_ns < @beforeNs AND pinned_ns IS NULL ORDER BY received_ns LIMIT @Batch",
                new { beforeNs, Batch }
            )
            .Select(static id => TraceId.FromBytes(id))
            .ToList();
        var rows = TraceWriter.Lock(session, candidates).Values.ToList();

        // Spans waiting for analysis arrived after received_ns was set, so the trace is not old.
        var young = session
            .Connection.Query<long>(
                """
                UPDATE trace t SET received_ns = w.newest FROM (
                  SELECT w.hash, w.trace, max(i.received_ns) AS newest FROM unnest(@hashes, @traces) AS u(hash, trace)
                  JOIN inbox_trace w ON w.hash = u.hash AND w.trace = u.trace JOIN inbox i ON i.no = w.inbox GROUP BY w.hash, w.trace) w
                WHERE t.hash = w.hash AND t.no = w.trace AND w.newest >= @beforeNs RETURNING t.no
                """,
                new
                {
                    hashes = rows.Select(static row => row.Hash).ToArray(),
                    traces = rows.Select(static row => row.No).ToArray(),
                    beforeNs,
                }
            )
            .ToHashSet();
        rows.RemoveAll(row => young.Contains(row.No));
        return (rows.Count, candidates.Count < Batch, Delete(session, rows, now));
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
        session.Flush();
        var bytes = UsedBytes(session);
        if (bytes <= maxBytes)
        {
            return (0, bytes, true, []);
        }

        var candidates = session
            .Connection.Query<(byte[] Id, long Stored)>(
                "SELECT trace_id, greatest(stored_bytes, 1) FROM trace WHERE pinned_ns IS NULL ORDER BY received_ns LIMIT @Batch",
                new { Batch }
            )
            .AsList();
        var chosen = new List<TraceId>();
        for (var left = bytes; chosen.Count < candidates.Count && left > maxBytes; )
        {
            left -= candidates[chosen.Count].Stored;
            chosen.Add(TraceId.FromBytes(candidates[chosen.Count].Id));
        }

        var rows = TraceWriter.Lock(session, chosen).Values.ToList();
        var stale = Delete(session, rows, now);
        bytes = UsedBytes(session);
        return (rows.Count, bytes, rows.Count == 0 || bytes <= maxBytes, stale);
    }

    /// <summary>Drops the partitions of days before today that no trace needs any more.</summary>
    /// <returns>How many days went.</returns>
    public static int DropEmptyDays(WriteSession session, DateOnly today)
    {
        session.Flush();

        // A reader that takes long must not hold up everybody who comes after this.
        session.Connection.Execute("SET LOCAL lock_timeout = '1s'");
        session.Connection.Execute("SELECT pg_advisory_xact_lock(1145590900, 1)");
        var days = session
            .Connection.Query<string>(
                """
                SELECT substr(c.relname, 12) FROM pg_class c
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relname ~ '^trace_part_[0-9]{8}$' AND c.relkind = 'r'
                """
            )
            .Select(static text => DateOnly.ParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture))
            .Where(day => day < today)
            .ToList();
        var dropped = 0;
        foreach (var day in days)
        {
            // The first spans of a trace that got more on a later day lie in the partition of their own day.
            var isNeeded = session.Connection.ExecuteScalar<bool>(
                "SELECT EXISTS (SELECT 1 FROM trace WHERE day = @day) OR EXISTS (SELECT 1 FROM trace_part WHERE day = @day)",
                new { day }
            );
            if (isNeeded)
            {
                continue;
            }

            foreach (var table in Partitioned)
            {
                // Names are ours: a table of the list, and digits.
                session.Connection.Execute(string.Create(CultureInfo.InvariantCulture, $"DROP TABLE IF EXISTS {table}_{day:yyyyMMdd}"));
            }

            dropped++;
        }

        session.ForgetDays();
        return dropped;
    }

    private static long UsedBytes(WriteSession session) =>
        session.Connection.ExecuteScalar<long>(
            "SELECT (coalesce((SELECT sum(stored_bytes) FROM trace), 0) + coalesce((SELECT sum(length(data)) FROM inbox), 0))::bigint"
        );

    private static IReadOnlyList<TraceId> Delete(WriteSession session, List<TraceRow> rows, long now)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var stale = new HashSet<long>();
        var arguments = new
        {
            hashes = rows.Select(static row => row.Hash).ToArray(),
            traces = rows.Select(static row => row.No).ToArray(),
            ids = rows.Select(static row => row.Id.ToBytes()).ToArray(),
            now,
        };
        session.Connection.Execute(
            """
            INSERT INTO tombstone (hash, trace_id, deleted_ns) SELECT h, i, @now FROM unnest(@hashes, @ids) AS u(h, i)
            ON CONFLICT (hash, trace_id) DO UPDATE SET deleted_ns = excluded.deleted_ns
            """,
            arguments
        );
        EventStreamLinks.Delete(session, rows, stale);
        var (operations, queries) = OperationWriter.Delete(session, [.. rows.Where(static row => row.Revision > 0)]);
        PartLinks.Unlink(session, operations.Values);
        EventStreamLinks.Unlink(session, operations.Values, stale);
        InboxWriter.Release(
            session,
            [
                .. session.Connection.Query<(int, long, long)>(
                    """
                    SELECT w.hash, w.trace, w.inbox FROM unnest(@hashes, @traces) AS u(hash, trace)
                    JOIN inbox_trace w ON w.hash = u.hash AND w.trace = u.trace
                    """,
                    arguments
                ),
            ]
        );
        foreach (
            var (table, column) in new[] { ("trace_part", "trace"), ("loose_part", "trace"), ("sweep_fact", "trace"), ("trace", "no") }
        )
        {
            session.Connection.Execute(
                $"DELETE FROM {table} x USING unnest(@hashes, @traces) AS u(hash, trace) WHERE x.hash = u.hash AND x.{column} = u.trace",
                arguments
            );
        }

        session.Count(
            new Totals(
                -rows.Count,
                -rows.Sum(static row => row.SpansBefore),
                -operations.Count,
                -queries.Count,
                -rows.Sum(static row => row.BytesBefore)
            )
        );
        return TraceWriter.MarkStale(session, stale);
    }
}
