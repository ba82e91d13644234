using System.Globalization;
using Dapper;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>
/// Whether another process has written. Every transaction counts in the row of its process, so a sum over the other rows that differs from
/// the last one tells.
/// </summary>
internal sealed class OtherWriters
{
    private readonly string _process = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private long? _before;

    /// <summary>Counts a transaction of this process.</summary>
    public void Wrote(NpgsqlConnection connection) =>
        connection.Execute(
            "INSERT INTO writer AS w (process, transactions) VALUES (@_process, 1) "
                + "ON CONFLICT (process) DO UPDATE SET transactions = w.transactions + 1",
            new { _process }
        );

    /// <summary>Whether others wrote since the last call. The first call returns false.</summary>
    public bool Look(NpgsqlConnection connection)
    {
        var now = connection.ExecuteScalar<long>(
            "SELECT coalesce(sum(transactions), 0)::bigint FROM writer WHERE process <> @_process",
            new { _process }
        );
        var before = _before;
        _before = now;
        return before is { } known && known != now;
    }
}
