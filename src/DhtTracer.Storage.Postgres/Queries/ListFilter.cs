using System.Globalization;
using System.Text;
using Dapper;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>A filter as SQL.</summary>
internal sealed class ListFilter
{
    private readonly StringBuilder _sql = new();

    /// <summary>Translates a filter. Looks up its names and keys.</summary>
    public ListFilter(NpgsqlConnection connection, StringTables strings, ListTable table, QueryFilter filter)
    {
        Table = table;

        // A name that no trace has gets number -1, which no row has.
        long? Text(string? text) => text is null ? null : strings.Texts.Find(text) ?? -1;
        long? Peer(string? id) => id is null ? null : strings.Peers.Find(id) ?? -1;
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                _sql.Append(" AND ").Append(condition);
                Parameters.Add(name, value);
            }
        }

        Key(connection, filter.Key);
        And("q.background = @background", "background", filter.Background is { } background ? (short)(background ? 1 : 0) : null);
        And("q.skipped = @skipped", "skipped", filter.Skipped is { } skipped ? (short)(skipped ? 1 : 0) : null);
        And("q.type = @type", "type", (short?)filter.Type);
        And("q.outcome = @outcome", "outcome", (short?)filter.Outcome);
        And("q.source = @source", "source", (short?)filter.Source);
        And("q.service = @service", "service", Text(filter.Service));
        And("q.node = @node", "node", Peer(filter.Node));
        And("q.error_class = @errorClass", "errorClass", Text(filter.ErrorClass));
        And("@peerError = ANY(q.errors)", "peerError", Text(filter.PeerErrorClass));
        And("q.agents && @agents", "agents", filter.Agent is { } agent ? Agents(connection, agent) : null);
        And("q.start_ns >= @from", "from", filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
        And("q.start_ns < @to", "to", filter.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : null);
        And($"(q.start_ns / {Nanoseconds.Hour}) % 24 = @hour", "hour", filter.HourOfDay);
        And("q.duration_ns >= @minDuration", "minDuration", filter.MinDurationNs);
        And("q.duration_ns <= @maxDuration", "maxDuration", filter.MaxDurationNs);
        And("q.hops >= @minHops", "minHops", filter.MinHops);
        And("q.hops <= @maxHops", "maxHops", filter.MaxHops);
        And("q.alpha = @alpha", "alpha", filter.Alpha);
        And("(q.lint & @lint) = @lint", "lint", filter.LintMask);
        And("p.peer = @peer", "peer", Peer(filter.Peer));
        From = filter.Peer is null
            ? $"FROM {NameOf(table)} q"
            : $"FROM peer_operation p JOIN {NameOf(table)} q ON q.hash = p.hash AND q.day = p.day AND "
                + (table == ListTable.Operations ? "q.no = p.operation" : "q.operation = p.operation");
        if (filter.Peer is not null && table == ListTable.Queries)
        {
            // Another side of the operation may have met the peer.
            _sql.Append(" AND @peer = ANY(q.contacted)");
        }

        foreach (var (index, except) in filter.Except.Index())
        {
            LeaveOut(connection, strings, except, string.Create(CultureInfo.InvariantCulture, $"not{index}_"));
        }
    }

    /// <summary>What is listed.</summary>
    public ListTable Table { get; }

    /// <summary>The source; the operation or query is <c>q</c>.</summary>
    public string From { get; }

    /// <summary>The conditions, each starting with AND.</summary>
    public string Conditions => _sql.ToString();

    /// <summary>Their values.</summary>
    public DynamicParameters Parameters { get; } = new();

    /// <summary>A command with these values.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // The SQL is put together from constants of this project; values are parameters.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var name in Parameters.ParameterNames)
        {
            command.Parameters.AddWithValue(name, Parameters.Get<object>(name));
        }

        return command;
    }

    /// <summary>The table in SQL.</summary>
    public static string NameOf(ListTable table) => table == ListTable.Operations ? "dht_operation" : "query";

    // The conditions of an exception, whose parameters have names of their own. What is unknown is not left out.
    private void LeaveOut(NpgsqlConnection connection, StringTables strings, QueryFilter except, string prefix)
    {
        // The table of peers is joined only for a peer that must have been met.
        var left = new ListFilter(connection, strings, Table, except with { Peer = null });
        var sql = new StringBuilder("true").Append(left._sql);
        if (except.Peer is { } id)
        {
            var operation = Table == ListTable.Operations ? "q.no" : "q.operation";
            sql.Append(
                CultureInfo.InvariantCulture,
                $" AND (q.hash, q.day, {operation}) IN (SELECT m.hash, m.day, m.operation FROM peer_operation m WHERE m.peer = @met)"
            );
            left.Parameters.Add("met", strings.Peers.Find(id) ?? -1);
        }

        foreach (var name in left.Parameters.ParameterNames)
        {
            Parameters.Add(prefix + name, left.Parameters.Get<object>(name));
        }

        _sql.Append(" AND NOT coalesce((").Append(sql.Replace("@", "@" + prefix)).Append("), false)");
    }

    private static long[] Agents(NpgsqlConnection connection, string beginning)
    {
        // U+10FFFF sorts after every character that may follow.
        var text = PostgresText.Of(beginning);
        var start = text.Length > 200 ? text[..200] : text;
        return
        [
            .. connection.Query<long>(
                """
                SELECT no FROM text WHERE left(value, 200) >= @start AND left(value, 200) < @end AND starts_with(value, @text)
                """,
                new
                {
                    start,
                    end = start + "\U0010FFFF",
                    text,
                }
            ),
        ];
    }

    private void Key(NpgsqlConnection connection, KeyFilter? key)
    {
        if (key is null)
        {
            return;
        }

        var alternatives = new List<string>();
        if (key.Bytes.Count > 0)
        {
            alternatives.Add("(q.key_digest = ANY(@keyDigests) AND q.key_bytes = ANY(@keys))");
            Parameters.Add("keyDigests", key.Bytes.Select(static bytes => TraceKey.Digest(bytes.Span)).ToArray());
            Parameters.Add("keys", key.Bytes.Select(static bytes => bytes.ToArray()).ToArray());
        }

        if (!string.IsNullOrEmpty(key.TextPrefix))
        {
            var start = TraceKey.Sort(key.TextPrefix);
            alternatives.Add("(q.key_sort >= @keyStart AND q.key_sort < @keyEnd AND starts_with(q.key_text, @keyPrefix))");
            Parameters.Add("keyStart", start);
            Parameters.Add("keyEnd", start + "\U0010FFFF");
            Parameters.Add("keyPrefix", PostgresText.Of(key.TextPrefix));
        }

        var condition = alternatives.Count == 0 ? "false" : string.Join(" OR ", alternatives);
        if (
            key.TextTail is { } tail
            && !connection.ExecuteScalar<bool>($"SELECT EXISTS (SELECT 1 FROM {NameOf(Table)} q WHERE {condition})", Parameters)
        )
        {
            Parameters.Add("tails", TailSearch.Keys(connection, Table, tail));
            condition = "q.key_text = ANY(@tails)";
        }

        _sql.Append(" AND (").Append(condition).Append(')');
    }
}
