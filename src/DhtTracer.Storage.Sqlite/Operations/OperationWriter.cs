using DhtTracer.Analysis;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Blocks;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.EventStreams;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Operations;

/// <summary>Writes the operations and queries of an analysed trace to their typed columns.</summary>
internal static class OperationWriter
{
    /// <summary>
    /// Replaces the operations and queries of a trace. One that existed before keeps its number, because page cursors refer to it.
    /// </summary>
    /// <returns>How many more operations and queries there are than before.</returns>
    /// <param name="session">The writer.</param>
    /// <param name="trace">Number of the trace.</param>
    /// <param name="isNew">Whether the trace was never analysed before.</param>
    /// <param name="found">The reconstructed trace.</param>
    /// <param name="stale">Receives the numbers of traces that need analysis again.</param>
    public static (long Operations, long Queries) Replace(
        WriteSession session,
        long trace,
        bool isNew,
        ReconstructedTrace found,
        HashSet<long> stale
    )
    {
        var (operationNumbers, queryNumbers) = isNew ? ([], []) : Delete(session, trace);
        var before = operationNumbers.Count;
        var queriesOf = found.Queries.ToLookup(static query => query.OperationId);
        foreach (var operation in found.Operations)
        {
            var queries = queriesOf[operation.Id].ToList();
            var decisive = queries.Find(query => query.Id == operation.Decisive);
            var no = Insert(session, trace, operation, queries, decisive, Number(operationNumbers, operation.Id));
            var met = new HashSet<long>();
            foreach (var query in queries)
            {
                QueryWriter.Insert(session, trace, no, query, Number(queryNumbers, query.Id), met);
            }

            BlockPacker.Touch(session, no);
            PeerIndex.Add(session, no, Nanoseconds.ToColumn(operation.StartUnixNano), met);
        }

        foreach (var operation in found.Operations)
        {
            operationNumbers.Remove(operation.Id.SpanId);
        }

        PartLinks.Unlink(session, operationNumbers.Values);
        EventStreamLinks.Unlink(session, operationNumbers.Values, stale);
        return (found.Operations.Length - before, found.Queries.Length - queryNumbers.Count);
    }

    /// <summary>Deletes the operations and queries of a trace.</summary>
    /// <returns>The numbers they had, by span id.</returns>
    public static (Dictionary<SpanId, long> Operations, Dictionary<SpanId, long> Queries) Delete(WriteSession session, long trace)
    {
        var operations = new Dictionary<SpanId, long>();
        var starts = new List<(long Operation, long Start)>();
        var select = session["SELECT no, span_id, start_ns FROM dht_operation WHERE trace = ?1"].Bind(1, trace);
        while (select.Step())
        {
            operations.Add(SpanId.FromBytes(select.GetBlob(1)), select.GetInt64(0));
            starts.Add((select.GetInt64(0), select.GetInt64(2)));
        }

        select.Reset();
        var queries = new Dictionary<SpanId, long>();
        foreach (var (operation, start) in starts)
        {
            var packed = session[
                "SELECT q.no, q.span_id, p.data FROM query q LEFT JOIN query_peers p ON p.query = q.no WHERE q.operation = ?1"
            ]
                .Bind(1, operation);
            var met = new HashSet<long>();
            while (packed.Step())
            {
                queries.Add(SpanId.FromBytes(packed.GetBlob(1)), packed.GetInt64(0));
                met.UnionWith(PeerIndex.Contacted(packed.GetBlob(2)));
            }

            packed.Reset();
            BlockPacker.Touch(session, operation);
            PeerIndex.Remove(session, operation, start, met);
        }

        session["DELETE FROM query WHERE trace = ?1"].Bind(1, trace).Run();
        session["DELETE FROM dht_operation WHERE trace = ?1"].Bind(1, trace).Run();
        return (operations, queries);
    }

    private static long? Number(Dictionary<SpanId, long> numbers, QueryId id) =>
        numbers.TryGetValue(id.SpanId, out var number) ? number : null;

    private static long Insert(WriteSession session, long trace, Operation operation, List<Query> queries, Query? decisive, long? number)
    {
        Span<byte> id = stackalloc byte[8];
        var facts = OperationFacts.From(operation, decisive);
        var row = session[
            """
            INSERT INTO dht_operation (no, trace, span_id, type, source, outcome, background, background_kind, skipped, service,
              instance, node,
              key_text, key_bytes, kad_id, key_count, start_ns, duration_ns, discovery_ns, error_class, error_text, results, decisive,
                command, around,
              alpha, seen, queried, dialed, dial_failed, duplicates, hops, reused, first_result_ns, tally, phases, lint, record, fates,
              network)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
              ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)
            RETURNING no
            """
        ];
        operation.Id.SpanId.WriteBytes(id);
        row.Bind(1, number)
            .Bind(2, trace)
            .Bind(3, id)
            .Bind(4, (long)operation.Type)
            .Bind(5, (long)operation.Source)
            .Bind(6, (long)operation.Outcome)
            .Bind(7, operation.Background ? 1L : 0L)
            .Bind(8, (long?)operation.BackgroundKind)
            .Bind(9, operation.Queries.All(static query => query.Skipped) ? 1L : 0L)
            .Bind(10, session.Texts.InternOrNull(operation.Service))
            .Bind(11, session.Texts.InternOrNull(operation.Instance))
            .Bind(12, session.Peers.InternOrNull(operation.Node));
        QueryWriter.BindKey(row, 13, operation.Key);
        row.Bind(16, operation.KeyCount)
            .Bind(17, Nanoseconds.ToColumn(operation.StartUnixNano))
            .Bind(18, operation.DurationNs)
            .Bind(19, operation.DiscoveryNs)
            .Bind(20, session.Texts.InternOrNull(operation.Error?.Class))
            .Bind(21, operation.Error?.Text)
            .Bind(22, operation.Results);
        BindSpan(row, 23, operation.Decisive?.SpanId);
        BindSpan(row, 24, operation.Command);
        row.Bind(25, OperationAround.Write(operation));
        var counts = decisive?.Counts;
        row.Bind(26, decisive?.Parameters.Alpha)
            .Bind(27, counts?.Seen)
            .Bind(28, facts.Queried)
            .Bind(29, facts.Dialed)
            .Bind(30, facts.DialFailed)
            .Bind(31, facts.Duplicates)
            .Bind(32, facts.Hops)
            .Bind(33, facts.Reused)
            .Bind(34, facts.FirstResultNs);
        QueryWriter.BindTally(row, 35, session, facts.PeerErrors, facts.Agents);
        if (facts.Phases is null)
        {
            row.BindNull(36);
        }
        else
        {
            row.Bind(36, PackedPhases.Write(facts.Phases));
        }

        row.Bind(37, QueryLint.MaskOf(queries));
        BindBlob(row, 38, PackedRecord.Write(session, RecordSighting.Of(operation, queries)));
        BindBlob(row, 39, PackedFates.Write(session, operation.Fates));
        BindBlob(row, 40, PackedNetwork.Write(session, operation, queries));
        return row.RunScalar() ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
    }

    private static void BindBlob(Statement row, int position, byte[]? blob)
    {
        if (blob is null)
        {
            row.BindNull(position);
        }
        else
        {
            row.Bind(position, blob);
        }
    }

    private static void BindSpan(Statement row, int position, SpanId? span)
    {
        if (span is not { } known)
        {
            row.BindNull(position);
            return;
        }

        Span<byte> id = stackalloc byte[8];
        known.WriteBytes(id);
        row.Bind(position, id);
    }
}
