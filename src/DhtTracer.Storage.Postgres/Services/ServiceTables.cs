using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Storage.Services;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Services;

/// <summary>Services, their operations and their traces, for Jaeger's query API.</summary>
internal sealed class ServiceTables(NpgsqlDataSource source)
{
    // Without this limit, a sender that puts ids into span names would make the cache grow forever.
    private const int MaxRemembered = 50_000;
    private readonly ConcurrentDictionary<(string Service, string Name, int Kind), long> _numbers = new();

    /// <summary>Writes which operations have spans in traces, and the calls between services.</summary>
    public void Write(WriteSession session, IReadOnlyList<(FoundTrace Trace, long? Start, IReadOnlyList<Span> Spans)> traces)
    {
        var ranges = traces.Select(static trace => SpanRange.ByOperation(trace.Spans)).ToList();
        Intern(ranges.SelectMany(static range => range.Keys));
        using (
            var copy = new CopyRows(
                session.Connection,
                "trace_operation (hash, day, trace, operation, first_start_ns, last_start_ns, min_duration_ns, max_duration_ns)"
            )
        )
        {
            foreach (var (trace, range) in traces.Zip(ranges))
            {
                // Names that differ only in what PostgreSQL cannot hold have the same number.
                foreach (
                    var group in range
                        .Select(operation => (Number: Number(operation.Key), operation.Value))
                        .GroupBy(static operation => operation.Number)
                )
                {
                    copy.Row()
                        .Int(trace.Trace.Trace.Hash)
                        .Day(trace.Trace.Day)
                        .Long(trace.Trace.Trace.No)
                        .Long(group.Key)
                        .Long(group.Min(static item => item.Value.FirstStart))
                        .Long(group.Max(static item => item.Value.LastStart))
                        .Long(group.Min(static item => item.Value.MinDuration))
                        .Long(group.Max(static item => item.Value.MaxDuration));
                }
            }

            copy.Complete();
        }

        var calls = traces
            .SelectMany(trace =>
                ServiceCalls
                    .Count(trace.Spans)
                    .Select(call =>
                        (
                            trace.Trace,
                            trace.Start,
                            Parent: session.Strings.OfText(call.Key.Parent),
                            Child: session.Strings.OfText(call.Key.Child),
                            Calls: call.Value
                        )
                    )
            )
            .GroupBy(static call => (call.Trace.Trace.No, call.Parent, call.Child))
            .ToList();
        if (calls.Count == 0)
        {
            return;
        }

        using var rows = new CopyRows(session.Connection, "dependency (hash, day, trace, start_ns, parent, child, calls)");
        foreach (var group in calls)
        {
            var call = group.First();
            rows.Row()
                .Int(call.Trace.Trace.Hash)
                .Day(call.Trace.Day)
                .Long(call.Trace.Trace.No)
                .Long(call.Start ?? 0)
                .Long(call.Parent)
                .Long(call.Child)
                .Long(group.Sum(static item => item.Calls));
        }

        rows.Complete();
    }

    /// <summary>Sums the calls of all traces that started in a time range, by parent and child.</summary>
    public static IReadOnlyList<ServiceDependency> Dependencies(NpgsqlConnection connection, ulong from, ulong to) =>
        [
            .. connection
                .Query<(string Parent, string Child, long Calls)>(
                    """
                    SELECT p.value, c.value, d.calls
                    FROM (SELECT parent, child, sum(calls)::bigint AS calls FROM dependency WHERE start_ns BETWEEN @from AND @to
                          GROUP BY parent, child) d
                    JOIN text p ON p.no = d.parent JOIN text c ON c.no = d.child
                    ORDER BY p.value, c.value
                    """,
                    new { from = Nanoseconds.ToColumn(from), to = Nanoseconds.ToColumn(to) }
                )
                .Select(static row => new ServiceDependency(row.Parent, row.Child, row.Calls)),
        ];

    public static IReadOnlyList<string> Services(NpgsqlConnection connection) =>
        connection
            .Query<string>(
                """
                SELECT DISTINCT service FROM operation o
                WHERE service <> '' AND EXISTS (SELECT 1 FROM trace_operation x WHERE x.operation = o.no)
                ORDER BY service
                """
            )
            .AsList();

    public static IReadOnlyList<ServiceOperation> Operations(NpgsqlConnection connection, string service) =>
        connection
            .Query<(string Name, short Kind)>(
                """
                SELECT name, kind FROM operation o
                WHERE service = @service AND EXISTS (SELECT 1 FROM trace_operation x WHERE x.operation = o.no)
                ORDER BY name, kind
                """,
                new { service = PostgresText.Of(service) }
            )
            .Select(static row => new ServiceOperation(row.Name, (SpanKind)row.Kind))
            .ToList();

    public static IReadOnlyList<TraceId> Find(NpgsqlConnection connection, TraceSearch search)
    {
        var sql = new StringBuilder(
            "SELECT t.trace_id FROM (SELECT x.hash, x.trace, max(x.last_start_ns) AS newest FROM trace_operation x"
        );
        sql.Append(" WHERE true");
        var parameters = new DynamicParameters();
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add(name, value);
            }
        }

        if (search.Service is not null || search.Operation is not null)
        {
            sql.Append(" AND x.operation IN (SELECT o.no FROM operation o WHERE true");
            And("o.service = @service", "service", PostgresText.OrNull(search.Service));
            And("o.name = @operation", "operation", PostgresText.OrNull(search.Operation));
            sql.Append(')');
        }

        And("x.last_start_ns >= @from", "from", search.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
        And("x.first_start_ns <= @to", "to", search.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : null);
        And("x.max_duration_ns >= @minDuration", "minDuration", search.MinDurationNs);
        And("x.min_duration_ns <= @maxDuration", "maxDuration", search.MaxDurationNs);
        sql.Append(
            " GROUP BY x.hash, x.trace ORDER BY newest DESC, x.trace DESC LIMIT @limit) f "
                + "JOIN trace t ON t.hash = f.hash AND t.no = f.trace "
                + "ORDER BY f.newest DESC, f.trace DESC"
        );
        parameters.Add("limit", search.Limit);
        return connection.Query<byte[]>(sql.ToString(), parameters).Select(static id => TraceId.FromBytes(id)).ToList();
    }

    private long Number((string Service, string Name, int Kind) operation)
    {
        var key = Held(operation);
        if (!_numbers.TryGetValue(key, out var number))
        {
            Intern([operation]);
            number = _numbers[key];
        }

        return number;
    }

    private static (string Service, string Name, int Kind) Held((string Service, string Name, int Kind) operation) =>
        (PostgresText.Of(operation.Service), PostgresText.Of(operation.Name), operation.Kind);

    // As in StringTable: committed at once, in the order of the digests.
    private void Intern(IEnumerable<(string Service, string Name, int Kind)> operations)
    {
        if (_numbers.Count > MaxRemembered)
        {
            _numbers.Clear();
        }

        var missing = operations.Select(Held).Where(key => !_numbers.ContainsKey(key)).Distinct().ToArray();
        if (missing.Length == 0)
        {
            return;
        }

        using var connection = source.OpenConnection();
        var arguments = new
        {
            digests = Array.ConvertAll(missing, Digest),
            services = Array.ConvertAll(missing, static key => key.Service),
            names = Array.ConvertAll(missing, static key => key.Name),
            kinds = Array.ConvertAll(missing, static key => (short)key.Kind),
        };
        connection.Execute(
            """
            INSERT INTO operation (digest, service, name, kind)
            SELECT d, s, n, k FROM unnest(@digests, @services, @names, @kinds) AS u(d, s, n, k) ORDER BY d
            ON CONFLICT (digest) DO NOTHING
            """,
            arguments
        );
        foreach (
            var (no, service, name, kind) in connection.Query<(long, string, string, short)>(
                "SELECT no, service, name, kind FROM operation WHERE digest = ANY(@digests)",
                arguments
            )
        )
        {
            _numbers[(service, name, kind)] = no;
        }
    }

    private static byte[] Digest((string Service, string Name, int Kind) key) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{key.Service}\0{key.Name}\0{key.Kind}"));
}
