using System.Text;
using Dapper;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage.Alarms;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Alarms;

/// <summary>Reads and writes watched hours and alarms.</summary>
internal static class AlarmTable
{
    /// <summary>Saves an hour and its alarms; false when the hour is there already.</summary>
    public static bool Save(WriteSession session, WatchedHour hour, IReadOnlyList<Alarm> alarms)
    {
        var start = Nanoseconds.ToColumn(hour.StartUnixNano);
        if (session["SELECT 1 FROM watched_hour WHERE start_ns = ?1"].Bind(1, start).RunScalar() is not null)
        {
            return false;
        }

        session["INSERT INTO watched_hour VALUES (?1, ?2)"].Bind(1, start).Bind(2, hour.ToBytes()).Run();
        session["DELETE FROM watched_hour WHERE start_ns < ?1"].Bind(1, start - WatchedHour.KeptNs).Run();
        session["DELETE FROM alarm WHERE until_ns < ?1"].Bind(1, start - WatchedHour.AlarmsKeptNs).Run();
        foreach (var alarm in alarms)
        {
            session["INSERT OR REPLACE INTO alarm VALUES (?1, ?2, ?3, ?4, ?5)"]
                .Bind(1, alarm.Id)
                .Bind(2, (long)alarm.Kind)
                .Bind(3, Nanoseconds.ToColumn(alarm.SinceUnixNano))
                .Bind(4, alarm.UntilUnixNano is { } until ? Nanoseconds.ToColumn(until) : null)
                .Bind(5, AlarmJson.Write(alarm))
                .Run();
        }

        return true;
    }

    /// <summary>Hours from a time on, and alarms that were open then or later.</summary>
    public static WatchState Read(SqliteConnection connection, ulong fromUnixNano)
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
    public static AlarmList List(SqliteConnection connection, AlarmFilter filter, int limit)
    {
        var (sql, parameters) = (new StringBuilder("SELECT data FROM alarm WHERE 1 = 1"), new DynamicParameters());
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add(name, value);
            }
        }

        And("id = @id", "id", filter.Id);
        And("kind = @kind", "kind", (int?)filter.Kind);
        And("ifnull(until_ns, @from) >= @from", "from", filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
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
