using System.Buffers;
using Dapper;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Operations;

/// <summary>
/// Writes the operations and queries of analysed traces to their typed columns, all tables with one COPY each. Over 300 lines, because the
/// columns of both tables stand here in their order.
/// </summary>
internal static class OperationWriter
{
    private const string OperationTable =
        "dht_operation (hash, day, no, trace, span_id, type, source, outcome, background, background_kind, skipped, service, instance, "
        + "node, key_text, key_sort, key_bytes, key_digest, kad_id, key_count, start_ns, duration_ns, discovery_ns, error_class, "
        + "error_text, "
        + "results, decisive, command, around, alpha, seen, queried, dialed, dial_failed, duplicates, hops, reused, "
        + "first_result_ns, tally, "
        + "errors, agents, phases, lint, record, fates, network)";

    private const string QueryTable =
        "query (hash, day, no, trace, operation, span_id, operation_span_id, "
        + "type, source, outcome, termination, background, skipped, side, "
        + "service, node, key_text, key_sort, key_bytes, key_digest, kad_id, start_ns, duration_ns, discovery_ns, first_answer_ns, "
        + "error_class, error_text, alpha, beta, k, seen, seen_complete, queried, dialed, dial_failed, to_query, remaining, results, "
        + "returned, duplicates, sent, xor, hops, hops_at_least, missing_spans, missing_events, discovered_by, errors, agents, contacted, "
        + "peers, lint)";

    /// <summary>
    /// Replaces the operations and queries of traces. One that existed before keeps its number, because page cursors refer to it.
    /// </summary>
    /// <param name="session">The write.</param>
    /// <param name="traces">The traces; what they had before is deleted.</param>
    /// <returns>How many more operations and queries there are than before, and the numbers of operations that are gone.</returns>
    public static (long Operations, long Queries, List<long> Gone) Replace(WriteSession session, IReadOnlyList<FoundTrace> traces)
    {
        var (before, queriesBefore) = Delete(
            session,
            [.. traces.Select(static trace => trace.Trace).Where(static row => row.Revision > 0)]
        );
        var gone = new HashSet<long>(before.Values);
        var (operations, queries) = (new List<OperationLine>(), new List<QueryLine>());
        foreach (var trace in traces)
        {
            var queriesOf = trace.Found.Queries.ToLookup(static query => query.OperationId);
            foreach (var operation in trace.Found.Operations)
            {
                var no = before.TryGetValue(operation.Id, out var known) ? known : session.NextNumber("dht_operation_no");
                gone.Remove(no);
                var met = new HashSet<long>();
                foreach (var query in queriesOf[operation.Id])
                {
                    var number = queriesBefore.TryGetValue(query.Id, out var old) ? old : session.NextNumber("query_no");
                    var contacted = new HashSet<long>();
                    var peers = PackedPeers.Write(session.Strings, PeerFacts.From(query), contacted).ToArray();
                    met.UnionWith(contacted);
                    queries.Add(new QueryLine(trace, number, no, query, [.. contacted], peers));
                    trace.Bytes += StoredBytes.Query + peers.Length;
                }

                var record = PackedRecord.Write(session.Strings, RecordSighting.Of(operation, queriesOf[operation.Id]));
                var network = PackedNetwork.Write(session.Strings, operation, queriesOf[operation.Id]);
                operations.Add(
                    new OperationLine(
                        trace,
                        no,
                        operation,
                        queriesOf[operation.Id].FirstOrDefault(query => query.Id == operation.Decisive),
                        met,
                        QueryLint.MaskOf([.. queriesOf[operation.Id]]),
                        record,
                        network
                    )
                );
                trace.Bytes += StoredBytes.Operation + (met.Count * StoredBytes.Peer) + (record?.Length ?? 0) + (network?.Length ?? 0);
            }
        }

        Write(session, operations);
        Write(session, queries);
        return (operations.Count - before.Count, queries.Count - queriesBefore.Count, [.. gone]);
    }

    /// <summary>Deletes the operations and queries of traces, and what Jaeger's query API needs of them.</summary>
    /// <returns>The numbers they had.</returns>
    public static (Dictionary<QueryId, long> Operations, Dictionary<QueryId, long> Queries) Delete(
        WriteSession session,
        IReadOnlyList<TraceRow> traces
    )
    {
        var (operations, queries) = (new Dictionary<QueryId, long>(), new Dictionary<QueryId, long>());
        if (traces.Count == 0)
        {
            return (operations, queries);
        }

        var ids = traces.ToDictionary(static trace => trace.No, static trace => trace.Id);
        var arguments = new
        {
            hashes = traces.Select(static trace => trace.Hash).ToArray(),
            days = traces.Select(static trace => trace.DayBefore).ToArray(),
            traces = traces.Select(static trace => trace.No).ToArray(),
        };
        const string Using =
            "USING unnest(@hashes, @days, @traces) AS u(hash, day, trace) WHERE x.hash = u.hash AND x.day = u.day AND x.trace = u.trace";
        foreach (var (table, numbers) in new[] { ("dht_operation", operations), ("query", queries) })
        {
            foreach (
                var (trace, span, no) in session.Connection.Query<(long, byte[], long)>(
                    $"DELETE FROM {table} x {Using} RETURNING x.trace, x.span_id, x.no",
                    arguments
                )
            )
            {
                numbers.Add(new QueryId(ids[trace], SpanId.FromBytes(span)), no);
            }
        }

        foreach (var table in (string[])["peer_operation", "trace_operation", "dependency"])
        {
            session.Connection.Execute($"DELETE FROM {table} x {Using}", arguments);
        }

        return (operations, queries);
    }

    private static void Write(WriteSession session, List<OperationLine> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        using (var copy = new CopyRows(session.Connection, OperationTable))
        {
            lines.ForEach(line => Write(copy, session.Strings, line));
            copy.Complete();
        }

        using (var copy = new CopyRows(session.Connection, "peer_operation (hash, day, peer, start_ns, operation, trace)"))
        {
            foreach (var line in lines)
            {
                foreach (var peer in line.Met)
                {
                    copy.Row()
                        .Int(line.Trace.Trace.Hash)
                        .Day(line.Trace.Day)
                        .Long(peer)
                        .Long(Nanoseconds.ToColumn(line.Operation.StartUnixNano))
                        .Long(line.No)
                        .Long(line.Trace.Trace.No);
                }
            }

            copy.Complete();
        }
    }

    private static void Write(CopyRows copy, StringTables strings, OperationLine line)
    {
        var (trace, no, operation, decisive) = (line.Trace, line.No, line.Operation, line.Decisive);
        var facts = OperationFacts.From(operation, decisive);
        copy.Row()
            .Int(trace.Trace.Hash)
            .Day(trace.Day)
            .Long(no)
            .Long(trace.Trace.No)
            .Bytes(operation.Id.SpanId.ToBytes())
            .Short((int)operation.Type)
            .Short((int)operation.Source)
            .Short((int)operation.Outcome)
            .Flag(operation.Background)
            .Short((int?)operation.BackgroundKind)
            .Flag(operation.Queries.All(static query => query.Skipped))
            .Long(strings.OfTextOrNull(operation.Service))
            .Long(strings.OfTextOrNull(operation.Instance))
            .Long(strings.OfPeerOrNull(operation.Node));
        Key(copy, operation.Key);
        copy.Int(operation.KeyCount)
            .Long(Nanoseconds.ToColumn(operation.StartUnixNano))
            .Long(operation.DurationNs)
            .Long(operation.DiscoveryNs)
            .Long(strings.OfTextOrNull(operation.Error?.Class))
            .Text(operation.Error?.Text)
            .Int(operation.Results)
            .Bytes(operation.Decisive?.SpanId.ToBytes())
            .Bytes(operation.Command?.ToBytes())
            .Text(OperationAround.Write(operation))
            .Int(decisive?.Parameters.Alpha)
            .Int(decisive?.Counts.Seen)
            .Int(facts.Queried)
            .Int(facts.Dialed)
            .Int(facts.DialFailed)
            .Int(facts.Duplicates)
            .Int(facts.Hops)
            .Int(facts.Reused)
            .Long(facts.FirstResultNs);
        var tally = PackedTally.Write(strings, facts.PeerErrors, facts.Agents);
        copy.Bytes(tally.IsEmpty ? null : tally.ToArray());
        Names(copy, strings, facts.PeerErrors);
        Names(copy, strings, facts.Agents);
        copy.Bytes(facts.Phases is null ? null : PackedPhases.Write(facts.Phases).ToArray())
            .Long(line.Lint)
            .Bytes(line.Record)
            .Bytes(PackedFates.Write(strings, operation.Fates))
            .Bytes(line.Network);
    }

    private static void Write(WriteSession session, List<QueryLine> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        using var copy = new CopyRows(session.Connection, QueryTable);
        lines.ForEach(line => Write(copy, session.Strings, line));
        copy.Complete();
    }

    private static void Write(CopyRows copy, StringTables strings, QueryLine line)
    {
        var (trace, no, operation, query, contacted, peers) = line;
        copy.Row()
            .Int(trace.Trace.Hash)
            .Day(trace.Day)
            .Long(no)
            .Long(trace.Trace.No)
            .Long(operation)
            .Bytes(query.Id.SpanId.ToBytes())
            .Bytes(query.OperationId.SpanId.ToBytes())
            .Short((int)query.Type)
            .Short((int)query.Source)
            .Short((int)query.Outcome)
            .Short((int?)query.Termination)
            .Flag(query.Background)
            .Flag(query.Skipped)
            .Short((int?)query.Side)
            .Long(strings.OfTextOrNull(query.Service))
            .Long(strings.OfPeerOrNull(query.Node));
        Key(copy, query.Key);
        var counts = query.Counts;
        copy.Long(Nanoseconds.ToColumn(query.StartUnixNano))
            .Long(query.DurationNs)
            .Long(query.DiscoveryNs)
            .Long(query.FirstAnswerNs)
            .Long(strings.OfTextOrNull(query.Error?.Class))
            .Text(query.Error?.Text)
            .Int(query.Parameters.Alpha)
            .Int(query.Parameters.Beta)
            .Int(query.Parameters.K)
            .Int(counts.Seen)
            .Flag(counts.SeenComplete)
            .Int(counts.Queried)
            .Int(counts.Dialed)
            .Int(counts.DialFailed)
            .Int(counts.ToQuery)
            .Int(counts.Remaining)
            .Int(counts.Results)
            .Int(counts.Returned)
            .Int(counts.Duplicates)
            .Int(counts.Sent)
            .Int(query.Xor)
            .Int(query.Hops)
            .Int(query.Peers.Where(static peer => !peer.Requests.IsEmpty).Max(static peer => peer.HopsAtLeast))
            .Int(query.Missing.Spans)
            .Int(query.Missing.Events)
            .Long(strings.OfPeerOrNull(query.DiscoveredBy));
        Names(copy, strings, OperationFacts.ErrorsOf(query));
        Names(copy, strings, OperationFacts.AgentsOf(query));
        copy.Longs(contacted).Bytes(peers).Long(query.LintMask);
    }

    private static void Key(CopyRows copy, QueryKey? key)
    {
        if (key is null)
        {
            copy.Null().Null().Null().Null().Null();
            return;
        }

        var bytes = Convert.FromHexString(key.Bytes);
        copy.Text(key.Text)
            .Text(TraceKey.Sort(key.Text))
            .Bytes(bytes)
            .Bytes(TraceKey.Digest(bytes))
            .Bytes(Convert.FromHexString(key.KadId));
    }

    private static void Names(CopyRows copy, StringTables strings, System.Collections.Immutable.ImmutableArray<NamedCount> names) =>
        copy.Longs(names.IsEmpty ? null : [.. names.Select(name => strings.OfText(name.Name))]);

    private sealed record OperationLine(
        FoundTrace Trace,
        long No,
        Operation Operation,
        Query? Decisive,
        HashSet<long> Met,
        long? Lint,
        byte[]? Record,
        byte[]? Network
    );

    private sealed record QueryLine(FoundTrace Trace, long No, long Operation, Query Query, long[] Contacted, byte[] Peers);
}
