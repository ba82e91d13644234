using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Sweeps;

/// <summary>Writes and reads the facts of provide sweeps.</summary>
internal static class SweepFacts
{
    /// <summary>Most programs that are listed.</summary>
    private const int MaxSources = 1_000;

    /// <summary>Replaces the facts of a trace.</summary>
    public static void Replace(WriteSession session, long trace, bool isNew, IEnumerable<SweepFact> facts)
    {
        if (!isNew)
        {
            session["DELETE FROM sweep_fact WHERE trace = ?1"].Bind(1, trace).Run();
        }

        Span<byte> id = stackalloc byte[8];
        foreach (var fact in facts)
        {
            fact.Id.SpanId.WriteBytes(id);
            session["INSERT OR REPLACE INTO sweep_fact VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"]
                .Bind(1, session.Texts.Intern(fact.Service))
                .Bind(2, session.Texts.InternOrNull(fact.Instance) ?? 0)
                .Bind(3, Nanoseconds.ToColumn(fact.StartUnixNano))
                .Bind(4, trace)
                .Bind(5, id)
                .Bind(6, fact.DurationNs)
                .Bind(7, (long)SweepFactCodec.KindOf(fact))
                .Bind(8, SweepFactCodec.Write(fact))
                .Run();
        }
    }

    /// <summary>Lists the programs that have facts. Each costs two steps in the index, however many facts it has.</summary>
    public static IReadOnlyList<SweepSource> Sources(SqliteConnection connection)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var next = new Statement(
            connection,
            """
            SELECT service, instance, start_ns FROM sweep_fact WHERE (service, instance) > (?1, ?2)
            ORDER BY service, instance, start_ns LIMIT 1
            """
        );
        using var last = new Statement(connection, "SELECT max(start_ns) FROM sweep_fact WHERE service = ?1 AND instance = ?2");
        var sources = new List<SweepSource>();
        for (var (service, instance) = (0L, -1L); sources.Count < MaxSources; )
        {
            if (!next.Bind(1, service).Bind(2, instance).Step())
            {
                break;
            }

            (service, instance) = (next.GetInt64(0), next.GetInt64(1));
            var first = (ulong)next.GetInt64(2);
            next.Reset();
            sources.Add(
                new SweepSource(
                    texts.Get(service),
                    instance == 0 ? null : texts.Get(instance),
                    first,
                    (ulong)(last.Bind(1, service).Bind(2, instance).RunScalar() ?? 0)
                )
            );
        }

        return sources;
    }

    /// <summary>Lists the facts of one program, latest first: those of requests for blocks, or all others.</summary>
    public static SweepFactList List(
        SqliteConnection connection,
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        bool ofBlocks,
        int limit,
        CancellationToken cancellationToken
    )
    {
        if (Number(connection, service) is not { } ofService || (instance is null ? 0 : Number(connection, instance)) is not { } ofInstance)
        {
            return new SweepFactList([], false);
        }

        using var select = new Statement(
            connection,
            """
            SELECT f.start_ns, t.trace_id, f.span_id, f.duration_ns, f.kind, f.data FROM sweep_fact f JOIN trace t ON t.no = f.trace
            WHERE f.service = ?1 AND f.instance = ?2 AND f.start_ns BETWEEN ?3 AND ?4 AND (f.kind = ?6) = ?7
            ORDER BY f.start_ns DESC LIMIT ?5
            """
        );
        select
            .Bind(1, ofService)
            .Bind(2, ofInstance)
            .Bind(3, Nanoseconds.ToColumn(fromUnixNano))
            .Bind(4, Nanoseconds.ToColumn(toUnixNano))
            .Bind(5, limit + 1)
            .Bind(6, (long)SweepFactKind.Block)
            .Bind(7, ofBlocks ? 1 : 0);
        var facts = new List<SweepFact>();
        while (select.Step())
        {
            if (facts.Count == limit)
            {
                return new SweepFactList(facts, true);
            }

            cancellationToken.ThrowIfCancellationRequested();
            facts.Add(
                SweepFactCodec.Read(
                    (SweepFactKind)select.GetInt64(4),
                    new QueryId(TraceId.FromBytes(select.GetBlob(1)), SpanId.FromBytes(select.GetBlob(2))),
                    (ulong)select.GetInt64(0),
                    select.GetInt64(3),
                    select.GetBlob(5)
                ) with
                {
                    Service = service,
                    Instance = instance,
                }
            );
        }

        return new SweepFactList(facts, false);
    }

    private static long? Number(SqliteConnection connection, string text)
    {
        using var select = new Statement(connection, "SELECT no FROM text WHERE value = ?1");
        return select.Bind(1, text).RunScalar();
    }
}
