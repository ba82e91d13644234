using Dapper;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Services;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Services;

/// <summary>Counts calls between services when a trace is analysed, and sums them by the start of the traces.</summary>
internal static class ServiceDependencies
{
    /// <summary>Replaces the counts of a trace.</summary>
    /// <param name="session">The writer.</param>
    /// <param name="trace">Number of the trace.</param>
    /// <param name="isNew">Whether the trace was never analysed before.</param>
    /// <param name="start">Start of its earliest span; null if it has none.</param>
    /// <param name="spans">Its merged spans.</param>
    public static void Replace(WriteSession session, long trace, bool isNew, long? start, IReadOnlyList<Span> spans)
    {
        if (!isNew)
        {
            session["DELETE FROM dependency WHERE trace = ?1"].Bind(1, trace).Run();
        }

        foreach (var ((parent, child), calls) in ServiceCalls.Count(spans))
        {
            session["INSERT INTO dependency VALUES (?1, ?2, ?3, ?4, ?5)"]
                .Bind(1, trace)
                .Bind(2, start)
                .Bind(3, session.Texts.Intern(parent))
                .Bind(4, session.Texts.Intern(child))
                .Bind(5, calls)
                .Run();
        }
    }

    /// <summary>Sums the counts of all traces that started in a time range, by parent and child.</summary>
    public static IReadOnlyList<ServiceDependency> Read(SqliteConnection connection, ulong from, ulong to) =>
        [
            .. connection
                .Query<(string Parent, string Child, long Calls)>(
                    """
                    SELECT p.value, c.value, d.calls
                    FROM (SELECT parent, child, sum(calls) AS calls FROM dependency WHERE start_ns BETWEEN @from AND @to GROUP BY parent,
                      child) d
                    JOIN text p ON p.no = d.parent JOIN text c ON c.no = d.child
                    ORDER BY p.value, c.value
                    """,
                    new { from = Nanoseconds.ToColumn(from), to = Nanoseconds.ToColumn(to) }
                )
                .Select(static row => new ServiceDependency(row.Parent, row.Child, row.Calls)),
        ];
}
