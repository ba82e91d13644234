using System.Globalization;
using Dapper;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Bench.Statistics;

/// <summary>
/// Makes a large archive out of a small one: the rows of each trace come again under other numbers, ids and keys, a little later, and
/// without their spans. Writing a million queries one by one as an analysis does takes an hour; copying rows inside the database takes some
/// minutes.
/// </summary>
internal static class ArchiveMultiplier
{
    /// <summary>Operations copied in one transaction.</summary>
    private const int Batch = 200;

    /// <summary>Writes <paramref name="copies"/> copies of every trace.</summary>
    /// <param name="file">The database, which no other process has open.</param>
    /// <param name="copies">How many copies.</param>
    /// <param name="apartNs">Nanoseconds between a copy and the next.</param>
    /// <param name="progress">Receives how far it is.</param>
    public static void Multiply(string file, int copies, long apartNs, TextWriter progress)
    {
        var writer = new SqliteConnection($"Data Source={file};Pooling=False");
        writer.Open();
        using (var session = new WriteSession(writer, file))
        {
            PeerIndex.MoveWhenMany(session, 0);
        }

        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        connection.Execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA foreign_keys = OFF");
        connection.Execute("CREATE TEMP TABLE copy (copy_no INTEGER PRIMARY KEY)");
        connection.Execute(
            "WITH RECURSIVE c (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < @copies) INSERT INTO copy SELECT k FROM c",
            new { copies }
        );
        var traces = connection.ExecuteScalar<long>("SELECT max(no) FROM trace");
        var numbers = connection.ExecuteScalar<long>("SELECT max(no) FROM dht_operation");

        // Copies of one operation stand side by side, so that numbers grow with time as in an archive that was filled live.
        string Number(string column, long most) =>
            string.Create(CultureInfo.InvariantCulture, $"{most} + ({column} - 1) * {copies} + copy_no");
        var later = string.Create(CultureInfo.InvariantCulture, $"+ copy_no * {apartNs}");
        const string Longer = "duration_ns + (no * 7919 + copy_no * 104729) % 1000000";
        const string Key = "printf('%034d', no / 5 * 100000 + copy_no)";
        var changes = new Dictionary<string, (string Range, Dictionary<string, string> Columns)>(StringComparer.Ordinal)
        {
            ["trace"] = (
                "no",
                new()
                {
                    ["no"] = Number("no", traces),
                    ["trace_id"] = "randomblob(16)",
                    ["start_ns"] = "start_ns " + later,
                    ["end_ns"] = "end_ns " + later,
                }
            ),
            ["dht_operation"] = (
                "no",
                new()
                {
                    ["no"] = Number("no", numbers),
                    ["trace"] = Number("trace", traces),
                    ["start_ns"] = "start_ns " + later,
                    ["duration_ns"] = Longer,
                    ["key_text"] = Key,
                    ["key_bytes"] = $"CAST({Key} AS BLOB)",
                }
            ),
            ["query"] = (
                "no",
                new()
                {
                    ["no"] = Number("no", numbers),
                    ["trace"] = Number("trace", traces),
                    ["operation"] = Number("operation", numbers),
                    ["start_ns"] = "start_ns " + later,
                    ["duration_ns"] = Longer,
                    ["key_text"] = Key,
                    ["key_bytes"] = $"CAST({Key} AS BLOB)",
                }
            ),
            ["query_peers"] = ("query", new() { ["query"] = Number("query", numbers) }),
            ["trace_operation"] = (
                "trace",
                new()
                {
                    ["trace"] = Number("trace", traces),
                    ["first_start_ns"] = "first_start_ns " + later,
                    ["last_start_ns"] = "last_start_ns " + later,
                }
            ),
        };
        var statements = changes.Select(change => Insert(connection, change.Key, change.Value.Range, change.Value.Columns)).ToList();
        for (var first = 1L; first <= numbers; first += Batch)
        {
            using var transaction = connection.BeginTransaction();
            foreach (var statement in statements)
            {
                connection.Execute(statement, new { first, last = first + Batch - 1 }, transaction);
            }

            transaction.Commit();
            if ((first - 1) % 2000 == 0)
            {
                progress.WriteLine($"{(first - 1) * (copies + 1):N0} queries");
            }
        }

        connection.Execute(
            $"""
            INSERT INTO peer_operation SELECT peer, start_ns {later}, {Number("operation", numbers)} FROM peer_operation, copy
            ORDER BY peer, start_ns {later}, {Number("operation", numbers)};
            INSERT INTO operation_block (no, revision) SELECT DISTINCT no / 4096, 1 FROM dht_operation WHERE true
            ON CONFLICT (no) DO UPDATE SET revision = revision + 1;
            UPDATE total SET traces = (SELECT count(*) FROM trace), queries = (SELECT count(*) FROM query),
              operations = (SELECT count(*) FROM dht_operation), spans = spans * {copies + 1}, raw_bytes = raw_bytes * {copies + 1};
            """,
            commandTimeout: 0
        );
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static string Insert(SqliteConnection connection, string table, string range, Dictionary<string, string> changed)
    {
        var columns = connection.Query<string>("SELECT name FROM pragma_table_info(@table)", new { table }).ToList();
        var values = columns.Select(column => changed.GetValueOrDefault(column, column));
        return $"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} "
            + $"FROM (SELECT * FROM {table} WHERE {range} BETWEEN @first AND @last), copy ORDER BY 1";
    }
}
