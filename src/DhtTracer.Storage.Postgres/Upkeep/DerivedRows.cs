using Dapper;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Upkeep;

/// <summary>Every row that was derived from the spans of one trace, as texts that can be compared.</summary>
internal sealed class DerivedRows
{
    // Parts and streams get a new number with each analysis, so it is left out.
    private static readonly (string Name, string Sql)[] Tables =
    [
        ("trace", "SELECT (x.span_count, x.raw_bytes, x.start_ns, x.end_ns, x.analysis_version, x.analysis_error)::text FROM trace x"),
        ("dht_operation", "SELECT x::text FROM dht_operation x"),
        ("query", "SELECT x::text FROM query x"),
        ("peer_operation", "SELECT x::text FROM peer_operation x"),
        ("trace_operation", "SELECT x::text FROM trace_operation x"),
        ("dependency", "SELECT x::text FROM dependency x"),
        ("loose_part", "SELECT (to_jsonb(x) - 'no')::text FROM loose_part x"),
        ("event_stream", "SELECT (to_jsonb(x) - 'no')::text FROM event_stream x"),
        ("sweep_fact", "SELECT x::text FROM sweep_fact x"),
    ];

    private readonly Dictionary<string, List<string>> _rows = new(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    public static DerivedRows Read(NpgsqlConnection connection, int hash, long trace)
    {
        var rows = new DerivedRows();
        foreach (var (name, sql) in Tables)
        {
            var number = name == "trace" ? "no" : "trace";
            rows._rows[name] =
            [
                .. connection
                    .Query<string>($"{sql} WHERE x.hash = @hash AND x.{number} = @trace", new { hash, trace })
                    .Order(StringComparer.Ordinal),
            ];
        }

        return rows;
    }

    /// <summary>Says in words how others differ from these; null if they are equal.</summary>
    public string? Difference(DerivedRows others)
    {
        foreach (var (table, rows) in _rows)
        {
            var now = others._rows[table];
            if (!rows.SequenceEqual(now, StringComparer.Ordinal))
            {
                return rows.Count == now.Count
                    ? $"the rows of {table} are not those that an analysis gives"
                    : $"{table} has {rows.Count} rows, an analysis gives {now.Count}";
            }
        }

        return null;
    }
}
