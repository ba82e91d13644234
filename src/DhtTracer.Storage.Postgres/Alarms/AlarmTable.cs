using System.Text;
using Dapper;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage.Alarms;
using DhtTracer.Storage.Postgres.Connections;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Alarms;

/// <summary>Reads and writes watched hours and alarms.</summary>
internal static class AlarmTable
{
    /// <summary>Saves an hour and its alarms; false when the hour is there already.</summary>
    public static bool Save(WriteSession session, WatchedHour hour, IReadOnlyList<Alarm> alarms)
    {
        var start = Nanoseconds.ToColumn(hour.StartUnixNano);
        var isNew = session.Connection.Execute(
            "INSERT INTO watched_hour (start_ns, p_values) VALUES (@start, @values) ON CONFLICT (start_ns) DO NOTHING",
            new { start, values = hour.ToBytes() }
        );
        if (isNew == 0)
        {
            return false;
        }

        session.Connection.Execute("DELETE FROM watched_hour WHERE start_ns < @before", new { before = start - WatchedHour.KeptNs });
        session.Connection.Execute("DELETE FROM alarm WHERE until_ns < @before", new { before = start - WatchedHour.AlarmsKeptNs });
        session.Connection.Execute(
            """
            INSERT INTO alarm (id, kind, since_ns, until_ns, data) VALUES (@id, @kind, @since, @until, @data)
            ON CONFLICT (id) DO UPDATE SET until_ns = excluded.until_ns, data = excluded.data
            """,
            alarms.Select(static alarm => new
            {
                id = alarm.Id,
                kind = (short)alarm.Kind,
                since = Nanoseconds.ToColumn(alarm.SinceUnixNano),
                until = alarm.UntilUnixNano is { } until ? Nanoseconds.ToColumn(until) : (long?)null,
                data = AlarmJson.Write(alarm),
            })
        );
        return true;
    }

    /// <summary>Hours from a time on, and alarms that were open then or later.</summary>
    public static WatchState Read(NpgsqlConnection connection, ulong fromUnixNano)
    {
        var from = Nanoseconds.ToColumn(fromUnixNano);
        var hours = connection.Query<(long Hour, byte[] PValues)>(
            "SELECT start_ns, p_values FROM watched_hour WHERE start_ns >= @from ORDER BY start_ns",
            new { from }
        );
        var alarms = connection.Query<string>(
            "SELECT data FROM alarm WHERE until_ns IS NULL OR until_ns >= @from ORDER BY since_ns, id",
            new { from }
        );
        return new WatchState([.. hours.Select(static row => WatchedHour.Of(row.Hour, row.PValues))], [.. alarms.Select(AlarmJson.Read)]);
    }

    /// <summary>Lists alarms, latest beginning first.</summary>
    public static AlarmList List(NpgsqlConnection connection, AlarmFilter filter, int limit)
    {
        var (sql, parameters) = (new StringBuilder("SELECT data FROM alarm WHERE true"), new DynamicParameters());
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add(name, value);
            }
        }

        And("id = @id", "id", filter.Id is { } id ? PostgresText.Of(id) : null);
        And("kind = @kind", "kind", (short?)filter.Kind);
        And("coalesce(until_ns, @from) >= @from", "from", filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
        And("since_ns < @to", "to", filter.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : null);
        sql.Append(
            filter.IsOpen switch
            {
                true => " AND until_ns IS NULL",
                false => " AND until_ns IS NOT NULL",
                null => "",
            }
        );
        parameters.Add("limit", limit + 1);
        var rows = connection.Query<string>(sql.Append(" ORDER BY since_ns DESC, id LIMIT @limit").ToString(), parameters).AsList();
        return new AlarmList([.. rows.Take(limit).Select(AlarmJson.Read)], rows.Count > limit);
    }
}
