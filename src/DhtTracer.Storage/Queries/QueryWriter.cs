using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces;

namespace DhtTracer.Storage;

/// <summary>Puts the queries of an analysed trace into their typed columns.</summary>
internal static class QueryWriter
{
    /// <summary>Replaces the queries of a trace. One that was there before keeps its number, which page cursors refer to.</summary>
    /// <returns>How many more queries there are than before.</returns>
    public static long Replace(WriteSession session, long trace, bool isNew, IReadOnlyList<Query> queries)
    {
        var numbers = isNew ? [] : Delete(session, trace);
        foreach (var query in queries)
        {
            Insert(session, trace, query, numbers.TryGetValue(query.Id.SpanId, out var number) ? number : null);
        }

        return queries.Count - numbers.Count;
    }

    /// <summary>Deletes the queries of a trace.</summary>
    /// <returns>The numbers they had, by span id of the root.</returns>
    public static Dictionary<SpanId, long> Delete(WriteSession session, long trace)
    {
        var numbers = new Dictionary<SpanId, long>();
        var indexed = new List<(long Query, long Start, byte[] Peers)>();
        var select = session["SELECT q.no, q.span_id, q.start_ns, p.data FROM query q LEFT JOIN query_peers p ON p.query = q.no WHERE q.trace = ?1"]
            .Bind(1, trace);
        while (select.Step())
        {
            numbers.Add(SpanId.FromBytes(select.GetBlob(1)), select.GetInt64(0));
            indexed.Add((select.GetInt64(0), select.GetInt64(2), select.GetBlob(3).ToArray()));
        }

        select.Reset();
        foreach (var (query, start, peers) in indexed)
        {
            PeerIndex.Remove(session, query, start, peers);
        }

        session["DELETE FROM query WHERE trace = ?1"].Bind(1, trace).Run();
        return numbers;
    }

    private static void Insert(WriteSession session, long trace, Query query, long? number)
    {
        Span<byte> id = stackalloc byte[8];
        var facts = QueryFacts.From(query);
        var start = Nanoseconds.ToColumn(query.StartUnixNano);
        var row = session["""
            INSERT INTO query (no, trace, span_id, operation_span_id, type, source, outcome, termination, background, service, node,
              key_text, key_bytes, kad_id, start_ns, duration_ns, discovery_ns, first_answer_ns, error_class, error_text, alpha, beta, k,
              seen, queried, dialed, dial_failed, to_query, remaining, results, returned, duplicates, xor, hops, reused, first_result_ns, tally)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
              ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37)
            RETURNING no
            """];
        row.Bind(1, number).Bind(2, trace);
        query.Id.SpanId.WriteBytes(id);
        row.Bind(3, id);
        query.OperationId.SpanId.WriteBytes(id);
        row.Bind(4, id);
        row.Bind(5, (long)query.Type).Bind(6, (long)query.Source).Bind(7, (long)query.Outcome).Bind(8, (long?)query.Termination)
            .Bind(9, query.Background ? 1L : 0L).Bind(10, session.Texts.InternOrNull(query.Service)).Bind(11, session.Peers.InternOrNull(query.Node));
        if (query.Key is { } key)
        {
            row.Bind(12, key.Text).Bind(13, Convert.FromHexString(key.Bytes)).Bind(14, Convert.FromHexString(key.KadId));
        }
        else
        {
            row.BindNull(12).BindNull(13).BindNull(14);
        }

        row.Bind(15, start).Bind(16, query.DurationNs).Bind(17, query.DiscoveryNs).Bind(18, query.FirstAnswerNs)
            .Bind(19, session.Texts.InternOrNull(query.Error?.Class)).Bind(20, query.Error?.Text)
            .Bind(21, query.Parameters.Alpha).Bind(22, query.Parameters.Beta).Bind(23, query.Parameters.K);
        var counts = query.Counts;
        row.Bind(24, counts.Seen).Bind(25, counts.Queried).Bind(26, counts.Dialed).Bind(27, counts.DialFailed).Bind(28, counts.ToQuery)
            .Bind(29, counts.Remaining).Bind(30, counts.Results).Bind(31, counts.Returned).Bind(32, counts.Duplicates)
            .Bind(33, query.Xor).Bind(34, query.Hops).Bind(35, facts.Reused).Bind(36, facts.FirstResultNs);
        var tally = PackedTally.Write(session, facts.PeerErrors, facts.Agents);
        if (tally.IsEmpty)
        {
            row.BindNull(37);
        }
        else
        {
            row.Bind(37, tally);
        }

        var no = row.RunScalar() ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
        var peers = PackedPeers.Write(session, PeerFacts.From(query));
        session["INSERT INTO query_peers VALUES (?1, ?2)"].Bind(1, no).Bind(2, peers).Run();
        PeerIndex.Add(session, no, start, peers);
    }
}
