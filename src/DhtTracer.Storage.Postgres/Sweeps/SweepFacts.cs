using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Sweeps;

/// <summary>Writes and reads the facts of provide sweeps.</summary>
internal static class SweepFacts
{
    /// <summary>Most programs that are listed.</summary>
    private const int MaxSources = 1_000;

    /// <summary>Bytes of a row beside its data, in the table and its indexes.</summary>
    private const int RowBytes = 180;

    /// <summary>Replaces the facts of traces.</summary>
    public static void Replace(WriteSession session, IReadOnlyList<FoundTrace> traces)
    {
        var again = traces.Where(static trace => trace.Trace.Revision > 0).ToList();
        if (again.Count > 0)
        {
            session.Connection.Execute(
                "DELETE FROM sweep_fact f USING unnest(@hashes, @traces) AS u(hash, trace) WHERE f.hash = u.hash AND f.trace = u.trace",
                new
                {
                    hashes = again.ConvertAll(static trace => trace.Trace.Hash).ToArray(),
                    traces = again.ConvertAll(static trace => trace.Trace.No).ToArray(),
                }
            );
        }

        if (traces.All(static trace => trace.Found.Sweep.IsEmpty))
        {
            return;
        }

        session.Strings.Texts.Add(
            traces.SelectMany(static trace => trace.Found.Sweep).SelectMany(static fact => (string[])[fact.Service, fact.Instance ?? ""])
        );
        using var copy = new CopyRows(
            session.Connection,
            "sweep_fact (hash, trace, span_id, service, instance, start_ns, duration_ns, kind, data)"
        );
        foreach (var trace in traces)
        {
            foreach (var fact in trace.Found.Sweep.DistinctBy(static fact => fact.Id))
            {
                var data = SweepFactCodec.Write(fact);
                copy.Row()
                    .Int(trace.Trace.Hash)
                    .Long(trace.Trace.No)
                    .Bytes(fact.Id.SpanId.ToBytes())
                    .Long(session.Strings.OfText(fact.Service))
                    .Long(fact.Instance is { } instance ? session.Strings.OfText(instance) : 0)
                    .Long(Nanoseconds.ToColumn(fact.StartUnixNano))
                    .Long(fact.DurationNs)
                    .Short((int)SweepFactCodec.KindOf(fact))
                    .Bytes(data);
                trace.Bytes += data.Length + RowBytes;
            }
        }

        copy.Complete();
    }

    /// <summary>Lists the programs that have facts. Each costs two steps in the index, however many facts it has.</summary>
    public static IReadOnlyList<SweepSource> Sources(NpgsqlConnection connection, StringTables strings)
    {
        var sources = new List<SweepSource>();
        for (var (service, instance) = (0L, -1L); sources.Count < MaxSources; )
        {
            if (
                connection.QueryFirstOrDefault<SourceRow>(
                    """
                    SELECT service, instance, start_ns AS First FROM sweep_fact WHERE (service, instance) > (@service, @instance)
                    ORDER BY service, instance, start_ns LIMIT 1
                    """,
                    new { service, instance }
                )
                is not { } row
            )
            {
                break;
            }

            (service, instance) = (row.Service, row.Instance);
            var last = connection.ExecuteScalar<long>(
                "SELECT max(start_ns) FROM sweep_fact WHERE service = @service AND instance = @instance",
                new { service, instance }
            );
            sources.Add(
                new SweepSource(
                    strings.Texts.Get(service),
                    instance == 0 ? null : strings.Texts.Get(instance),
                    (ulong)row.First,
                    (ulong)last
                )
            );
        }

        return sources;
    }

    /// <summary>Lists the facts of one program, latest first: those of requests for blocks, or all others.</summary>
    public static SweepFactList List(
        NpgsqlConnection connection,
        StringTables strings,
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        bool ofBlocks,
        int limit,
        CancellationToken cancellationToken
    )
    {
        if (strings.Texts.Find(service) is not { } ofService || (instance is null ? 0 : strings.Texts.Find(instance)) is not { } ofInstance)
        {
            return new SweepFactList([], false);
        }

        var facts = new List<SweepFact>();
        foreach (
            var row in connection.Query<FactRow>(
                """
                SELECT f.start_ns AS Start, t.trace_id AS Trace, f.span_id AS Span, f.duration_ns AS Duration,
                  f.kind::integer AS Kind, f.data
                FROM sweep_fact f JOIN trace t ON t.hash = f.hash AND t.no = f.trace
                WHERE f.service = @service AND f.instance = @instance AND f.start_ns BETWEEN @from AND @to
                  AND (f.kind = @block) = @ofBlocks
                ORDER BY f.start_ns DESC LIMIT @limit
                """,
                new
                {
                    service = ofService,
                    instance = ofInstance,
                    from = Nanoseconds.ToColumn(fromUnixNano),
                    to = Nanoseconds.ToColumn(toUnixNano),
                    block = (int)SweepFactKind.Block,
                    ofBlocks,
                    limit = limit + 1,
                },
                buffered: false
            )
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (facts.Count == limit)
            {
                return new SweepFactList(facts, true);
            }

            facts.Add(
                SweepFactCodec.Read(
                    (SweepFactKind)row.Kind,
                    new QueryId(TraceId.FromBytes(row.Trace), SpanId.FromBytes(row.Span)),
                    (ulong)row.Start,
                    row.Duration,
                    row.Data
                ) with
                {
                    Service = service,
                    Instance = instance,
                }
            );
        }

        return new SweepFactList(facts, false);
    }

    private sealed class SourceRow
    {
        public long Service { get; init; }

        public long Instance { get; init; }

        public long First { get; init; }
    }

    private sealed class FactRow
    {
        public long Start { get; init; }

        public byte[] Trace { get; init; } = [];

        public byte[] Span { get; init; } = [];

        public long Duration { get; init; }

        public int Kind { get; init; }

        public byte[] Data { get; init; } = [];
    }
}
