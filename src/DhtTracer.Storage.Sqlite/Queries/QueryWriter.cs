using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>Writes a query to its typed columns.</summary>
internal static class QueryWriter
{
    /// <summary>Inserts a query.</summary>
    /// <param name="session">The writer.</param>
    /// <param name="trace">Number of its trace.</param>
    /// <param name="operation">Number of its operation.</param>
    /// <param name="query">The query.</param>
    /// <param name="number">The number that it had before; null for a new query.</param>
    /// <param name="contacted">Receives the numbers of the peers that it dialed or asked.</param>
    public static void Insert(WriteSession session, long trace, long operation, Query query, long? number, ICollection<long> contacted)
    {
        Span<byte> id = stackalloc byte[8];
        var row = session[
            """
            INSERT INTO query (no, trace, span_id, operation_span_id, type, source, outcome, termination, background, service, node,
              key_text, key_bytes, kad_id, start_ns, duration_ns, discovery_ns, first_answer_ns, error_class, error_text, alpha, beta, k,
              seen, queried, dialed, dial_failed, to_query, remaining, results, returned, duplicates, xor, hops, tally,
              operation, side, skipped, hops_at_least, seen_complete, sent, missing_spans, missing_events, discovered_by,
              lint)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
              ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45)
            RETURNING no
            """
        ];
        row.Bind(1, number).Bind(2, trace);
        query.Id.SpanId.WriteBytes(id);
        row.Bind(3, id);
        query.OperationId.SpanId.WriteBytes(id);
        row.Bind(4, id);
        row.Bind(5, (long)query.Type)
            .Bind(6, (long)query.Source)
            .Bind(7, (long)query.Outcome)
            .Bind(8, (long?)query.Termination)
            .Bind(9, query.Background ? 1L : 0L)
            .Bind(10, session.Texts.InternOrNull(query.Service))
            .Bind(11, session.Peers.InternOrNull(query.Node));
        BindKey(row, 12, query.Key);
        row.Bind(15, Nanoseconds.ToColumn(query.StartUnixNano))
            .Bind(16, query.DurationNs)
            .Bind(17, query.DiscoveryNs)
            .Bind(18, query.FirstAnswerNs)
            .Bind(19, session.Texts.InternOrNull(query.Error?.Class))
            .Bind(20, query.Error?.Text)
            .Bind(21, query.Parameters.Alpha)
            .Bind(22, query.Parameters.Beta)
            .Bind(23, query.Parameters.K);
        var counts = query.Counts;
        row.Bind(24, counts.Seen)
            .Bind(25, counts.Queried)
            .Bind(26, counts.Dialed)
            .Bind(27, counts.DialFailed)
            .Bind(28, counts.ToQuery)
            .Bind(29, counts.Remaining)
            .Bind(30, counts.Results)
            .Bind(31, counts.Returned)
            .Bind(32, counts.Duplicates)
            .Bind(33, query.Xor)
            .Bind(34, query.Hops);
        BindTally(row, 35, session, OperationFacts.ErrorsOf(query), OperationFacts.AgentsOf(query));
        row.Bind(36, operation)
            .Bind(37, (long?)query.Side)
            .Bind(38, query.Skipped ? 1L : 0L)
            .Bind(39, query.Peers.Where(static peer => !peer.Requests.IsEmpty).Max(static peer => peer.HopsAtLeast))
            .Bind(40, counts.SeenComplete ? 1L : 0L)
            .Bind(41, counts.Sent)
            .Bind(42, query.Missing.Spans)
            .Bind(43, query.Missing.Events)
            .Bind(44, session.Peers.InternOrNull(query.DiscoveredBy))
            .Bind(45, query.LintMask);
        var no = row.RunScalar() ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
        var peers = PackedPeers.Write(session, PeerFacts.From(query), contacted);
        session["INSERT INTO query_peers VALUES (?1, ?2)"].Bind(1, no).Bind(2, peers).Run();
    }

    /// <summary>Binds a key to three parameters: text, bytes, Kademlia id.</summary>
    public static void BindKey(Statement row, int position, QueryKey? key)
    {
        if (key is not null)
        {
            row.Bind(position, key.Text)
                .Bind(position + 1, Convert.FromHexString(key.Bytes))
                .Bind(position + 2, Convert.FromHexString(key.KadId));
        }
        else
        {
            row.BindNull(position).BindNull(position + 1).BindNull(position + 2);
        }
    }

    /// <summary>Binds peer counts by error class and by agent version, packed; NULL if there are none.</summary>
    public static void BindTally(
        Statement row,
        int position,
        WriteSession session,
        ImmutableArray<NamedCount> errors,
        ImmutableArray<NamedCount> agents
    )
    {
        var tally = PackedTally.Write(session, errors, agents);
        if (tally.IsEmpty)
        {
            row.BindNull(position);
        }
        else
        {
            row.Bind(position, tally);
        }
    }
}
