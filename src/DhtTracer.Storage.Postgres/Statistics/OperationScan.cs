using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Statistics;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Statistics;

/// <summary>Reads what statistics need of all operations that pass a filter, one row after another.</summary>
internal sealed class OperationScan(StringTables strings)
{
    /// <summary>Rows added to the columns at once.</summary>
    private const int Slice = 4096;

    private const string Columns =
        "q.no, q.start_ns, q.duration_ns, q.first_result_ns, q.discovery_ns, q.hops, q.queried, q.dialed, q.dial_failed, q.reused, "
        + "q.duplicates, q.outcome, q.error_class, q.tally, q.phases, q.lint";

    /// <summary>Reads the columns of the operations.</summary>
    public OperationColumns Read(NpgsqlConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        var columns = new OperationColumns((int)Count(connection, where));
        var slice = new List<Row>(Slice);
        foreach (var row in Rows(connection, where, cancellationToken))
        {
            slice.Add(row);
            if (slice.Count == Slice)
            {
                Append(columns, slice);
            }
        }

        Append(columns, slice);
        return columns;
    }

    /// <summary>Counts operations per facet.</summary>
    public OperationFacets Facets(NpgsqlConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        var (types, services, nodes) = (new Dictionary<long, int>(), new Dictionary<long, int>(), new Dictionary<long, int>());
        var (sources, alphas, agents) = (new Dictionary<long, int>(), new Dictionary<long, int>(), new Dictionary<long, int>());
        var operations = 0;
        long? last = null;
        using (
            var command = where.Command(
                connection,
                $"SELECT q.start_ns, q.type, q.source, q.service, q.node, q.alpha, q.agents {where.From} WHERE true {where.Conditions}"
            )
        )
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                operations++;
                var start = reader.GetInt64(0);
                last = last > start ? last : start;
                Add(types, reader.GetInt16(1));
                Add(sources, reader.GetInt16(2));
                Add(services, Long(reader, 3));
                Add(nodes, Long(reader, 4));
                Add(alphas, Int(reader, 5));
                foreach (var agent in reader.IsDBNull(6) ? [] : reader.GetFieldValue<long[]>(6).Distinct())
                {
                    Add(agents, agent);
                }
            }
        }

        return new OperationFacets
        {
            Operations = operations,
            LastUnixNano = (ulong?)last,
            Types = Named(types, static number => Words.Of((QueryType)number)),
            Services = Named(services, strings.Texts.Get),
            Nodes = Named(nodes, strings.Peers.Get),
            Sources = Named(sources, static number => Words.Of((TraceSource)number)),
            Alphas = Named(alphas, static number => number.ToString(CultureInfo.InvariantCulture)),
            Agents = Named(agents, strings.Texts.Get),
        };
    }

    /// <summary>How many operations pass.</summary>
    public static long Count(NpgsqlConnection connection, ListFilter where)
    {
        using var command = where.Command(connection, $"SELECT count(*) {where.From} WHERE true {where.Conditions}");
        return (long)command.ExecuteScalar()!;
    }

    private static void Add(Dictionary<long, int> counts, long? number)
    {
        if (number is { } known)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, known, out _)++;
        }
    }

    private static ImmutableArray<NamedCount> Named(Dictionary<long, int> counts, Func<long, string> name)
    {
        var sums = new TallySums();
        foreach (var (number, count) in counts)
        {
            sums.Add(name(number), count, count);
        }

        return sums.Operations;
    }

    private static IEnumerable<Row> Rows(NpgsqlConnection connection, ListFilter where, CancellationToken cancellationToken)
    {
        using var command = where.Command(connection, $"SELECT {Columns} {where.From} WHERE true {where.Conditions} ORDER BY q.no");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new Row(
                reader.GetInt64(0),
                (ulong)reader.GetInt64(1),
                Long(reader, 2) ?? OperationColumns.Unknown,
                Long(reader, 3) ?? OperationColumns.Unknown,
                Long(reader, 4) ?? OperationColumns.Unknown,
                Int(reader, 5) ?? OperationColumns.Unknown,
                Int(reader, 6) ?? OperationColumns.Unknown,
                Int(reader, 7) ?? OperationColumns.Unknown,
                Int(reader, 8) ?? OperationColumns.Unknown,
                Int(reader, 9) ?? OperationColumns.Unknown,
                Int(reader, 10) ?? OperationColumns.Unknown,
                (byte)reader.GetInt16(11),
                Long(reader, 12),
                reader.IsDBNull(13) ? null : reader.GetFieldValue<byte[]>(13),
                reader.IsDBNull(14) ? null : reader.GetFieldValue<byte[]>(14),
                Long(reader, 15)
            );
        }
    }

    private static long? Long(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    private static int? Int(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    private void Append(OperationColumns columns, List<Row> slice)
    {
        var rows = columns.Append(slice.Count);
        for (var i = 0; i < slice.Count; i++)
        {
            var row = slice[i];
            rows.Numbers[i] = row.Number;
            rows.Starts[i] = row.Start;
            rows.Durations[i] = row.Duration;
            rows.Outcomes[i] = row.Outcome;
            columns.FirstResults.Add([row.FirstResult]);
            columns.Discoveries.Add([row.Discovery]);
            columns.Hops.Add([row.Hops]);
            columns.Queried.Add([row.Queried]);
            columns.Duplicates.Add([row.Duplicates]);
            columns.DialFailed.Add([row.DialFailed], [row.Dialed]);
            columns.Reused.Add([row.Reused], [row.Dialed]);
            if (row.Error is { } error)
            {
                columns.Errors.Add(strings.Texts.Get(error), 1, 1);
            }

            var (errors, agents) = PackedTally.Read(row.Tally, (text, count) => new NamedCount(strings.Texts.Get(text), count));
            columns.PeerErrors.Add(errors);
            columns.Agents.Add(agents);
            if (row.Lint is { } rules)
            {
                columns.Lint.Add(rules);
            }

            if (PackedPhases.Read(row.Phases) is { } phases)
            {
                var parts = phases.ToArray();
                for (var phase = 0; phase < PhaseSums.Names.Count; phase++)
                {
                    columns.Phases.Add(PhaseSums.Names[phase], parts[phase], (double)parts[phase] * parts[phase]);
                }

                columns.Phases.Operations++;
            }
        }

        slice.Clear();
    }

    private readonly record struct Row(
        long Number,
        ulong Start,
        long Duration,
        long FirstResult,
        long Discovery,
        long Hops,
        long Queried,
        long Dialed,
        long DialFailed,
        long Reused,
        long Duplicates,
        byte Outcome,
        long? Error,
        byte[]? Tally,
        byte[]? Phases,
        long? Lint
    );
}
