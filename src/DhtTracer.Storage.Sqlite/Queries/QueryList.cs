// Over 300 lines, because every condition of a filter stands once here, for lists, counts and statistics alike.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapper;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>
/// Lists of operations and queries: translates a filter to SQL and reads pages by keyset, so each page seeks in an index, whatever the size
/// of the archive.
/// </summary>
internal static class QueryList
{
    /// <summary>So many rows of a key, or fewer, are found by their numbers.</summary>
    private const int FewOfKey = 2_000;

    /// <summary>Reads a page of rows and the cursors of the adjacent pages.</summary>
    public static (List<TRow> Rows, string? Next, string? Previous) Read<TRow>(
        SqliteConnection connection,
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

        var rows = new List<TRow>();
        for (var part = cursor?.Part ?? 0; part >= 0 && part < parts.Count && rows.Count <= limit; part += backward ? -1 : 1)
        {
            rows.AddRange(
                ReadPart<TRow>(
                    connection,
                    filter,
                    sort,
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

    /// <summary>The statements for one part of a page. The caller merges their rows.</summary>
    public static IEnumerable<(string Sql, DynamicParameters Parameters)> Selects<TRow>(
        SqliteConnection connection,
        QueryFilter filter,
        QuerySort sort,
        int part,
        QueryCursor? cursor,
        bool backward,
        int limit
    )
        where TRow : IListRow
    {
        var order = QueryOrder.Of(sort, filter)[part];

        // A page towards the beginning is read in reverse order and then reversed.
        var (compare, direction) = order.Descending != backward ? ("<", "DESC") : (">", "ASC");

        // The same number, written so that SQLite recognises the order of the source's index.
        string[] columns = [.. order.Columns, filter.Peer is not null && TRow.Table == ListTable.Operations ? "p.operation" : "q.no"];
        foreach (var from in Sources(TRow.Table, filter))
        {
            var parameters = new DynamicParameters();
            var sql = new StringBuilder().Append(
                CultureInfo.InvariantCulture,
                $"SELECT {TRow.Columns}, {order.Value} AS SortValue, {part} AS Part {from} {RowJoins.Of(TRow.Table)} "
                    + $"WHERE {order.Condition ?? "1 = 1"}"
            );
            Where(connection, TRow.Table, sql, parameters, filter, sort is QuerySort.Newest or QuerySort.Oldest);
            if (cursor is { } place)
            {
                sql.Append(
                    CultureInfo.InvariantCulture,
                    $" AND ({string.Join(", ", columns)}) {compare} ({(order.ByKey ? "@cursorKey, " : "")}@cursorValue, @cursorNumber)"
                );
                parameters.Add("cursorValue", place.Value);
                parameters.Add("cursorNumber", place.Number);
                if (order.ByKey)
                {
                    parameters.Add("cursorKey", KeyOf(connection, TRow.Table, place));
                }
            }

            sql.Append(
                CultureInfo.InvariantCulture,
                $" ORDER BY {string.Join(", ", columns.Select(column => $"{column} {direction}"))} LIMIT @limit"
            );
            parameters.Add("limit", limit);
            yield return (sql.ToString(), parameters);
        }
    }

    /// <summary>
    /// The sources for <see cref="Where"/>; their rows add up. A peer's operations are in two tables. CROSS JOIN forces the join order:
    /// from the peer's operations, not from the peers of every operation.
    /// </summary>
    public static IReadOnlyList<string> Sources(ListTable table, QueryFilter filter)
    {
        var name = NameOf(table);
        if (filter.Peer is null)
        {
            return [$"FROM {name} q"];
        }

        var join = table == ListTable.Operations ? "q.no = p.operation" : "q.operation = p.operation";
        var peers = table == ListTable.Operations ? "" : " JOIN query_peers x ON x.query = q.no";
        return
        [
            $"FROM peer_operation p CROSS JOIN {name} q ON {join}{peers}",
            "FROM (SELECT operation, start_ns, @peer AS peer FROM peer_operation_recent "
                + $"WHERE {PeersFunction.WaitingCondition("peer")}) p CROSS JOIN {name} q ON {join}{peers}",
        ];
    }

    /// <summary>The table in SQL.</summary>
    public static string NameOf(ListTable table) => table == ListTable.Operations ? "dht_operation" : "query";

    /// <summary>Appends conditions on the tables of <see cref="Sources"/>, each starting with AND.</summary>
    public static void Where(
        SqliteConnection connection,
        ListTable table,
        StringBuilder sql,
        DynamicParameters parameters,
        QueryFilter filter,
        bool indexedByBackground = true
    )
    {
        // A peer that no trace has gets number -1, which no row has.
        long? Peer(string? id) => id is null ? null : PeerTable.Find(connection, id) ?? -1;

        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add(name, value);
            }
        }

        // Rows that are found by their numbers need no other index, and SQLite would rather take one: the plus signs disable them.
        var plus = Key(connection, table, sql, parameters, filter.Key) ? "+" : "";

        // Most queries match this filter, so an index on it would find nearly all of them and then sort. The plus sign disables that index:
        // SQLite walks the index of the order and stops when the page is full.
        And(
            indexedByBackground && plus.Length == 0 ? "q.background = @background" : "+q.background = @background",
            "background",
            filter.Background is { } background ? (background ? 1 : 0) : null
        );
        And($"{plus}q.skipped = @skipped", "skipped", filter.Skipped is { } skipped ? (skipped ? 1 : 0) : null);
        And($"{plus}q.type = @type", "type", (int?)filter.Type);
        And($"{plus}q.outcome = @outcome", "outcome", (int?)filter.Outcome);
        And($"{plus}q.source = @source", "source", (int?)filter.Source);
        And($"{plus}q.service = (SELECT no FROM text WHERE value = @service)", "service", filter.Service);
        And($"{plus}q.node = @node", "node", Peer(filter.Node));
        And($"{plus}q.error_class = (SELECT no FROM text WHERE value = @errorClass)", "errorClass", filter.ErrorClass);
        And(
            TallyFunction.Condition(TallyFunction.Errors, "peerErrors"),
            "peerErrors",
            filter.PeerErrorClass is { } error ? TallyFunction.NumbersOf(connection, error, prefix: false) : null
        );
        And(
            TallyFunction.Condition(TallyFunction.Agents, "agents"),
            "agents",
            filter.Agent is { } agent ? TallyFunction.NumbersOf(connection, agent, prefix: true) : null
        );
        var start = filter.Peer is null ? plus + "q.start_ns" : "p.start_ns";
        And($"{start} >= @from", "from", filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
        And($"{start} < @to", "to", filter.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : null);
        And($"({start} / {Nanoseconds.Hour}) % 24 = @hour", "hour", filter.HourOfDay);
        And("q.duration_ns >= @minDuration", "minDuration", filter.MinDurationNs);
        And("q.duration_ns <= @maxDuration", "maxDuration", filter.MaxDurationNs);
        And("q.hops >= @minHops", "minHops", filter.MinHops);
        And("q.hops <= @maxHops", "maxHops", filter.MaxHops);
        And("q.alpha = @alpha", "alpha", filter.Alpha);
        And("(q.lint & @lint) = @lint", "lint", filter.LintMask);
        And("p.peer = @peer", "peer", Peer(filter.Peer));
        if (filter.Peer is not null && table == ListTable.Queries)
        {
            // Another side of the operation may have met the peer.
            sql.Append(" AND ").Append(PeersFunction.Condition("peer"));
        }

        foreach (var (index, except) in filter.Except.Index())
        {
            sql.Append(" AND NOT ifnull((").Append(LeftOut(connection, table, except, $"not{index}_", parameters)).Append("), 0)");
        }
    }

    // The condition of an exception, whose parameters have names of their own.
    private static string LeftOut(SqliteConnection connection, ListTable table, QueryFilter except, string prefix, DynamicParameters all)
    {
        var parameters = new DynamicParameters();
        var sql = new StringBuilder("1 = 1");
        if (except.Peer is { } id)
        {
            // The tables of peers are joined only for a peer that must have been met.
            var operation = table == ListTable.Operations ? "q.no" : "q.operation";
            sql.Append(
                CultureInfo.InvariantCulture,
                $"""
                 AND ({operation} IN (SELECT operation FROM peer_operation WHERE peer = @met)
                  OR {operation} IN (SELECT operation FROM peer_operation_recent WHERE {PeersFunction.WaitingCondition("met")}))
                """
            );
            parameters.Add("met", PeerTable.Find(connection, id) ?? -1);
            except = except with { Peer = null };
        }

        Where(connection, table, sql, parameters, except);
        foreach (var name in parameters.ParameterNames)
        {
            all.Add(prefix + name, parameters.Get<object>(name));
        }

        return sql.Replace("@", "@" + prefix).ToString();
    }

    /// <summary>Appends the condition of a key.</summary>
    /// <returns>Whether it names rows by their numbers.</returns>
    private static bool Key(SqliteConnection connection, ListTable table, StringBuilder sql, DynamicParameters parameters, KeyFilter? key)
    {
        if (key is null)
        {
            return false;
        }

        var alternatives = new List<string>();
        for (var i = 0; i < key.Bytes.Count; i++)
        {
            alternatives.Add($"q.key_bytes = @key{i}");
            parameters.Add($"key{i}", key.Bytes[i].ToArray());
        }

        if (!string.IsNullOrEmpty(key.TextPrefix))
        {
            // U+10FFFF sorts after every character that may follow the prefix.
            alternatives.Add("(q.key_text >= @prefix AND q.key_text < @prefixEnd)");
            parameters.Add("prefix", key.TextPrefix);
            parameters.Add("prefixEnd", key.TextPrefix + "\U0010FFFF");
        }

        var condition = alternatives.Count == 0 ? "0" : string.Join(" OR ", alternatives);
        if (
            key.TextTail is { } tail
            && !connection.ExecuteScalar<bool>($"SELECT EXISTS (SELECT 1 FROM {NameOf(table)} q WHERE {condition})", parameters)
        )
        {
            parameters.Add("tails", JsonSerializer.Serialize(TailSearch.Keys(connection, table, tail)));
            condition = "q.key_text IN (SELECT value FROM json_each(@tails))";
        }

        if (alternatives.Count == 1 && key.Bytes.Count == 1)
        {
            // The index of a key is sorted by time.
            sql.Append(" AND ").Append(condition);
            return false;
        }

        // With several conditions, an order and a limit, SQLite would walk the index of the order and look at the key of every row. Few
        // rows are found by their keys first; of many, that walk meets enough soon.
        var numbers = connection
            .Query<long>($"SELECT q.no FROM {NameOf(table)} q WHERE {condition} LIMIT {FewOfKey + 1}", parameters)
            .AsList();
        var few = numbers.Count <= FewOfKey;
        if (few)
        {
            parameters.Add("keyNumbers", JsonSerializer.Serialize(numbers));
            condition = "q.no IN (SELECT value FROM json_each(@keyNumbers))";
        }

        sql.Append(" AND (").Append(condition).Append(')');
        return few;
    }

    private static List<TRow> ReadPart<TRow>(
        SqliteConnection connection,
        QueryFilter filter,
        QuerySort sort,
        int part,
        QueryCursor? cursor,
        bool backward,
        int limit
    )
        where TRow : IListRow
    {
        var rows = Selects<TRow>(connection, filter, sort, part, cursor, backward, limit)
            .SelectMany(select => connection.Query<TRow>(select.Sql, select.Parameters))
            .ToList();
        if (filter.Peer is not null)
        {
            var order = QueryOrder.Of(sort, filter)[part];
            var descending = order.Descending != backward;
            rows.Sort((left, right) => (descending ? -1 : 1) * Compare(order, left, right));
            rows.RemoveRange(Math.Min(rows.Count, limit), Math.Max(0, rows.Count - limit));
        }

        return rows;
    }

    // Compares texts by their bytes, as SQLite does.
    private static int Compare<TRow>(QueryOrder order, TRow left, TRow right)
        where TRow : IListRow
    {
        var keys = order.ByKey
            ? Encoding.UTF8.GetBytes(left.KeyText!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right.KeyText!))
            : 0;
        return keys != 0 ? keys : (left.SortValue, left.No).CompareTo((right.SortValue, right.No));
    }

    private static string KeyOf(SqliteConnection connection, ListTable table, QueryCursor cursor) =>
        connection.ExecuteScalar<string?>($"SELECT key_text FROM {NameOf(table)} WHERE no = @no", new { no = cursor.Number })
        ?? throw new InvalidCursorException(cursor.ToString());

    private static string Cursor<TRow>(TRow row, QuerySort sort, bool backward)
        where TRow : IListRow => new QueryCursor(sort, backward, row.Part, row.SortValue, row.No).ToString();
}
