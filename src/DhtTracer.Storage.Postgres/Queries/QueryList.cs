using System.Globalization;
using System.Text;
using Dapper;
using DhtTracer.Storage.Export;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>
/// Lists of operations and queries: reads pages by keyset, so each page seeks in an index, whatever the size of the archive.
/// </summary>
internal sealed class QueryList(StringTables strings)
{
    /// <summary>Reads a page of rows and the cursors of the adjacent pages.</summary>
    public (List<TRow> Rows, string? Next, string? Previous) Read<TRow>(
        NpgsqlConnection connection,
        QueryFilter filter,
        QuerySort sort,
        string? cursorText,
        int limit
    )
        where TRow : IListRow
    {
        var cursor = cursorText is null ? (QueryCursor?)null : QueryCursor.Parse(cursorText, sort);
        var backward = cursor is { Backward: true };
        var parts = QueryOrder.Of(sort, filter);
        if (cursor?.Part >= parts.Count)
        {
            throw new InvalidCursorException(cursorText!);
        }

        var where = new ListFilter(connection, strings, TRow.Table, filter);
        var rows = new List<TRow>();
        for (var part = cursor?.Part ?? 0; part >= 0 && part < parts.Count && rows.Count <= limit; part += backward ? -1 : 1)
        {
            rows.AddRange(
                ReadPart<TRow>(
                    connection,
                    where,
                    parts[part],
                    part,
                    cursor is { } given && given.Part == part ? cursor : null,
                    backward,
                    limit + 1 - rows.Count
                )
            );
        }

        var more = rows.Count > limit;
        if (more)
        {
            rows.RemoveAt(limit);
        }

        if (backward)
        {
            rows.Reverse();

            // This page reached the beginning and is not full: show the complete first page.
            if (!more && rows.Count < limit)
            {
                return Read<TRow>(connection, filter, sort, null, limit);
            }
        }

        if (rows.Count == 0)
        {
            return ([], null, null);
        }

        var next = backward || more ? Cursor(rows[^1], sort, backward: false) : null;
        var previous =
            backward ? (more ? Cursor(rows[0], sort, backward: true) : null)
            : cursor is null ? null
            : Cursor(rows[0], sort, backward: true);
        return (rows, next, previous);
    }

    /// <summary>The greatest number that a row ever had, or a greater one. Numbers only increase.</summary>
    public static long LastNumber(NpgsqlConnection connection, ListTable table) =>
        connection.ExecuteScalar<long?>($"SELECT max(no) FROM {ListFilter.NameOf(table)}") ?? 0;

    /// <summary>Counts the rows with a greater number.</summary>
    public int CountNewer(NpgsqlConnection connection, ListTable table, QueryFilter filter, long after, int limit)
    {
        var where = new ListFilter(connection, strings, table, filter);
        where.Parameters.Add("after", after);
        where.Parameters.Add("limit", limit);
        return (int)
            connection.ExecuteScalar<long>(
                $"SELECT count(*) FROM (SELECT 1 {where.From} WHERE q.no > @after {where.Conditions} LIMIT @limit) x",
                where.Parameters
            );
    }

    /// <summary>Counts the rows, up to a limit.</summary>
    public long Count(NpgsqlConnection connection, ListTable table, QueryFilter filter, long limit)
    {
        var where = new ListFilter(connection, strings, table, filter);
        where.Parameters.Add("limit", limit);
        return connection.ExecuteScalar<long>(
            $"SELECT count(*) FROM (SELECT 1 {where.From} WHERE true {where.Conditions} LIMIT @limit) x",
            where.Parameters
        );
    }

    /// <summary>The traces of the operations that match a filter, by number, each once.</summary>
    public IReadOnlyList<NumberedTrace> Traces(NpgsqlConnection connection, QueryFilter filter, long after, int limit)
    {
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        where.Parameters.Add("after", after);
        where.Parameters.Add("limit", limit);
        return
        [
            .. connection
                .Query<(long No, byte[] Id)>(
                    $"""
                    SELECT t.no, t.trace_id FROM (
                      SELECT DISTINCT q.hash, q.trace {where.From} WHERE q.trace > @after {where.Conditions}
                      ORDER BY q.trace LIMIT @limit) f
                    JOIN trace t ON t.hash = f.hash AND t.no = f.trace ORDER BY t.no
                    """,
                    where.Parameters
                )
                .Select(static row => new NumberedTrace(row.No, TraceId.FromBytes(row.Id))),
        ];
    }

    private static IEnumerable<TRow> ReadPart<TRow>(
        NpgsqlConnection connection,
        ListFilter where,
        QueryOrder order,
        int part,
        QueryCursor? cursor,
        bool backward,
        int limit
    )
        where TRow : IListRow
    {
        // A page towards the beginning is read in reverse order and then reversed.
        var (compare, direction) = order.Descending != backward ? ("<", "DESC") : (">", "ASC");
        var parameters = new DynamicParameters(where.Parameters);
        var sql = new StringBuilder($"SELECT {TRow.Columns}, {order.Value} AS SortValue, ");
        sql.Append(CultureInfo.InvariantCulture, $"{part} AS Part {where.From} {RowJoins.Of(TRow.Table)} ");
        sql.Append("WHERE ").Append(order.Condition ?? "true").Append(where.Conditions);
        if (cursor is { } place)
        {
            sql.Append(" AND (").AppendJoin(", ", order.Columns).Append(") ").Append(compare);
            sql.Append(order.ByKey ? " (@cursorKey, @cursorValue, @cursorNumber)" : " (@cursorValue, @cursorNumber)");
            parameters.Add("cursorValue", place.Value);
            parameters.Add("cursorNumber", place.Number);
            if (order.ByKey)
            {
                parameters.Add("cursorKey", KeyOf(connection, TRow.Table, place));
            }
        }

        sql.Append(" ORDER BY ").AppendJoin(", ", order.Columns.Select(column => $"{column} {direction}")).Append(" LIMIT @limit");
        parameters.Add("limit", limit);
        return connection.Query<TRow>(sql.ToString(), parameters);
    }

    private static string KeyOf(NpgsqlConnection connection, ListTable table, QueryCursor cursor) =>
        connection.ExecuteScalar<string?>($"SELECT key_sort FROM {ListFilter.NameOf(table)} WHERE no = @no", new { no = cursor.Number })
        ?? throw new InvalidCursorException(cursor.ToString());

    private static string Cursor<TRow>(TRow row, QuerySort sort, bool backward)
        where TRow : IListRow => new QueryCursor(sort, backward, row.Part, row.SortValue, row.No).ToString();
}
