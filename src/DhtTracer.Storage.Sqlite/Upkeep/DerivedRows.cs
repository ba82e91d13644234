using System.Globalization;
using Dapper;
using DhtTracer.Storage.Sqlite.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>Every row that was derived from the spans of one trace, as texts that can be compared.</summary>
internal sealed class DerivedRows
{
    private static readonly (string Name, string Sql)[] Tables =
    [
        ("trace", "SELECT span_count, raw_bytes, start_ns, end_ns, analysis_version, analysis_error FROM trace WHERE no = @trace"),
        ("dht_operation", "SELECT * FROM dht_operation WHERE trace = @trace"),
        ("query", "SELECT * FROM query WHERE trace = @trace"),
        ("query_peers", "SELECT p.* FROM query_peers p JOIN query q ON q.no = p.query WHERE q.trace = @trace"),
        ("trace_operation", "SELECT * FROM trace_operation WHERE trace = @trace"),
        ("dependency", "SELECT * FROM dependency WHERE trace = @trace"),
        ("loose_part", "SELECT * FROM loose_part WHERE trace = @trace"),
        ("event_stream", "SELECT * FROM event_stream WHERE trace = @trace"),
        ("sweep_fact", "SELECT * FROM sweep_fact WHERE trace = @trace"),
    ];

    /// <summary>Parts and streams get a new number with each analysis, so it is left out.</summary>
    private static readonly string[] Renumbered = ["loose_part", "event_stream"];

    private readonly Dictionary<string, List<string>> _rows = new(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    /// <param name="connection">A connection, which may be inside a transaction.</param>
    /// <param name="trace">Number of the trace.</param>
    public static DerivedRows Read(SqliteConnection connection, long trace)
    {
        var rows = new DerivedRows();
        foreach (var (name, sql) in Tables)
        {
            var hidden = Renumbered.Contains(name) ? "no" : null;
            rows._rows[name] =
            [
                .. connection
                    .Query(sql, new { trace })
                    .Select(row => Text((IDictionary<string, object?>)row, hidden))
                    .Order(StringComparer.Ordinal),
            ];
        }

        rows._rows["peer_operation"] = PeerRows(connection, trace);
        return rows;
    }

    /// <summary>Says in words how others differ from these; null if they are equal.</summary>
    public string? Difference(DerivedRows others)
    {
        foreach (var (table, rows) in _rows)
        {
            var now = others._rows[table];
            if (rows.SequenceEqual(now, StringComparer.Ordinal))
            {
                continue;
            }

            return rows.Count != now.Count
                ? string.Create(CultureInfo.InvariantCulture, $"{table} has {rows.Count} rows, an analysis gives {now.Count}")
                : $"{table} differs in {string.Join(", ", Columns(rows, now))}";
        }

        return null;
    }

    // The index is right if it has the row in one of its two tables.
    private static List<string> PeerRows(SqliteConnection connection, long trace)
    {
        var found = new List<string>();
        var packed = connection.Query<(long Operation, long Start, byte[] Peers)>(
            """
            SELECT o.no, o.start_ns, p.data FROM dht_operation o JOIN query q ON q.operation = o.no JOIN query_peers p ON p.query = q.no
            WHERE o.trace = @trace
            """,
            new { trace }
        );
        foreach (var (operation, start, peers) in packed.AsList())
        {
            var waiting = connection.ExecuteScalar<byte[]?>(
                "SELECT peers FROM peer_operation_recent WHERE operation = @operation",
                new { operation }
            );
            foreach (var peer in PeerIndex.Contacted(peers).Distinct())
            {
                if (
                    PeerIndex.Has(waiting, peer)
                    || connection.ExecuteScalar<bool>(
                        "SELECT EXISTS (SELECT 1 FROM peer_operation WHERE peer = @peer AND start_ns = @start AND operation = @operation)",
                        new
                        {
                            peer,
                            start,
                            operation,
                        }
                    )
                )
                {
                    found.Add(string.Create(CultureInfo.InvariantCulture, $"peer={peer}\noperation={operation}"));
                }
            }
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static string Text(IDictionary<string, object?> row, string? hidden) =>
        string.Join('\n', row.Where(column => column.Key != hidden).Select(static column => $"{column.Key}={Text(column.Value)}"));

    private static string Text(object? value) =>
        value switch
        {
            null => "NULL",
            byte[] bytes => Convert.ToHexStringLower(bytes),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };

    private static IEnumerable<string> Columns(List<string> rows, List<string> others) =>
        rows.Zip(others)
            .SelectMany(static pair => pair.First.Split('\n').Zip(pair.Second.Split('\n')))
            .Where(static pair => pair.First != pair.Second)
            .Select(static pair => pair.First.Split('=')[0])
            .Distinct(StringComparer.Ordinal);
}
