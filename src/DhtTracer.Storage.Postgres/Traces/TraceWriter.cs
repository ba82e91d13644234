using System.Buffers;
using Dapper;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.EventStreams;
using DhtTracer.Storage.Postgres.Inbox;
using DhtTracer.Storage.Postgres.Operations;
using DhtTracer.Storage.Postgres.Parts;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Storage.Postgres.Services;
using DhtTracer.Storage.Postgres.Sweeps;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Traces;

/// <summary>Saves analyses: many traces with a few statements.</summary>
internal sealed class TraceWriter(ServiceTables services)
{
    /// <summary>
    /// Saves analyses. For each, whether it was saved: not if the trace was analysed or deleted in the meantime. Also the traces whose own
    /// analysis used something that this changed: they need analysis again.
    /// </summary>
    public (IReadOnlyList<bool> Saved, IReadOnlyList<TraceId> Stale) Save(WriteSession session, IReadOnlyList<PackedAnalysis> analyses)
    {
        session.Flush();
        Intern(session.Strings, analyses);
        foreach (var day in analyses.Select(DayOf).Distinct())
        {
            session.EnsureDay(day);
        }

        var rows = Lock(session, [.. analyses.Select(static packed => packed.Analysis.Content.TraceId)]);
        var saved = new bool[analyses.Count];
        var traces = new List<(FoundTrace Trace, PackedAnalysis Packed)>();
        for (var i = 0; i < analyses.Count; i++)
        {
            var content = analyses[i].Analysis.Content;

            // Of two analyses of one trace in a batch, the first is saved.
            if (rows.Remove(content.TraceId, out var row) && row.Revision == content.Revision)
            {
                saved[i] = true;
                traces.Add(
                    (new FoundTrace(row, DayOf(analyses[i]), analyses[i].Analysis.Found) { Bytes = StoredBytes.Trace }, analyses[i])
                );
            }
        }

        if (traces.Count == 0)
        {
            return (saved, []);
        }

        InboxWriter.Release(
            session,
            [
                .. traces.SelectMany(static item =>
                    item.Packed.Analysis.Content.Rows.Select(row => (item.Trace.Trace.Hash, item.Trace.Trace.No, row))
                ),
            ]
        );
        var found = traces.ConvertAll(static item => item.Trace);
        var (operations, queries, gone) = OperationWriter.Replace(session, found);
        SweepFacts.Replace(session, found);
        WriteParts(session, traces);
        services.Write(
            session,
            [.. traces.Select(static item => (item.Trace, TraceExtent.Of(item.Packed.Analysis.Spans).Start, item.Packed.Analysis.Spans))]
        );
        Update(session, traces);
        session.Count(
            new Totals(
                0,
                traces.Sum(static item => item.Packed.Analysis.Spans.Count - item.Trace.Trace.SpansBefore),
                operations,
                queries,
                traces.Sum(static item => item.Packed.Analysis.Otlp.Length - item.Trace.Trace.BytesBefore)
            )
        );
        var stale = new HashSet<long>();
        PartLinks.Unlink(session, gone);
        EventStreamLinks.Unlink(session, gone, stale);
        PartLinks.Update(session, found, stale);
        EventStreamLinks.Update(session, found, stale);
        return (saved, MarkStale(session, stale));
    }

    /// <summary>Marks traces for analysis again.</summary>
    /// <returns>Their ids. A trace deleted in the same transaction is left out.</returns>
    public static IReadOnlyList<TraceId> MarkStale(WriteSession session, IReadOnlyCollection<long> traces) =>
        traces.Count == 0
            ? []
            :
            [
                .. session
                    .Connection.Query<byte[]>(
                        "UPDATE trace SET stale = 1 WHERE no = ANY(@traces) RETURNING trace_id",
                        new { traces = traces.ToArray() }
                    )
                    .Select(static id => TraceId.FromBytes(id)),
            ];

    /// <summary>Records a failure.</summary>
    public static bool Fail(WriteSession session, TraceId traceId, int version, string error)
    {
        session.Flush();
        session.Connection.Execute(
            "UPDATE trace SET analysis_error = @error, analysis_version = @version WHERE hash = @hash AND trace_id = @id",
            new
            {
                error = PostgresText.Of(error),
                version,
                hash = TraceKey.Hash(traceId),
                id = traceId.ToBytes(),
            }
        );
        return true;
    }

    /// <summary>Locks traces. All processes lock in the same order.</summary>
    public static Dictionary<TraceId, TraceRow> Lock(WriteSession session, IReadOnlyCollection<TraceId> traces) =>
        session
            .Connection.Query<LockedRow>(
                """
                SELECT t.hash, t.no, t.trace_id AS Id, t.revision, t.day, t.span_count AS Spans, t.raw_bytes AS Bytes,
                  t.stored_bytes AS Stored
                FROM unnest(@hashes, @ids) AS w(hash, id) JOIN trace t ON t.hash = w.hash AND t.trace_id = w.id
                ORDER BY t.hash, t.trace_id FOR UPDATE OF t
                """,
                new { hashes = traces.Select(TraceKey.Hash).ToArray(), ids = traces.Select(static trace => trace.ToBytes()).ToArray() }
            )
            .DistinctBy(static row => row.No)
            .Select(static row => new TraceRow(
                row.Hash,
                row.No,
                TraceId.FromBytes(row.Id),
                row.Revision,
                row.Day,
                row.Spans,
                row.Bytes,
                row.Stored
            ))
            .ToDictionary(static row => row.Id);

    private static DateOnly DayOf(PackedAnalysis packed) => TraceKey.Day(packed.Analysis.Content.LastReceivedUnixNano);

    // One statement for all strings of the batch, instead of one for each.
    private static void Intern(StringTables strings, IReadOnlyList<PackedAnalysis> analyses)
    {
        var (texts, peers) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        void Text(string? text)
        {
            if (text is not null)
            {
                texts.Add(text);
            }
        }

        void Peer(string? peer)
        {
            if (peer is not null)
            {
                peers.Add(peer);
            }
        }

        foreach (var packed in analyses)
        {
            peers.UnionWith(packed.Peers);
            foreach (var operation in packed.Analysis.Found.Operations)
            {
                Text(operation.Service);
                Text(operation.Instance);
                Text(operation.Error?.Class);
                Peer(operation.Node);
            }

            foreach (var query in packed.Analysis.Found.Queries)
            {
                Text(query.Service);
                Text(query.Error?.Class);
                Peer(query.Node);
                Peer(query.DiscoveredBy);
                foreach (var fact in PeerFacts.From(query))
                {
                    Peer(fact.PeerId);
                    Text(fact.Agent);
                    Text(fact.Addresses.IsEmpty ? null : string.Join('\n', fact.Addresses));
                    texts.UnionWith(fact.Errors);
                }
            }

            foreach (
                var resource in packed.Analysis.Spans.Select(static span => span.Resource).Distinct(ReferenceEqualityComparer.Instance)
            )
            {
                Text(((Resource)resource!).ServiceName ?? "");
            }
        }

        strings.Texts.Add(texts);
        strings.Peers.Add(peers);
    }

    // The spans: all of them, those that came since the last analysis, or none if there is nothing new.
    private static void WriteParts(WriteSession session, List<(FoundTrace Trace, PackedAnalysis Packed)> traces)
    {
        var replaced = traces.FindAll(static item => item.Packed.Part == PackedPart.Everything && item.Trace.Trace.Revision > 0);
        if (replaced.Count > 0)
        {
            session.Connection.Execute(
                "DELETE FROM trace_part p USING unnest(@hashes, @traces) AS u(hash, trace) WHERE p.hash = u.hash AND p.trace = u.trace",
                new
                {
                    hashes = replaced.Select(static item => item.Trace.Trace.Hash).ToArray(),
                    traces = replaced.Select(static item => item.Trace.Trace.No).ToArray(),
                }
            );
        }

        using var copy = new CopyRows(session.Connection, "trace_part (hash, day, trace, revision, codec, peers, data, checksum)");
        foreach (var (trace, packed) in traces)
        {
            // What stays was counted before.
            trace.Bytes += packed.Part == PackedPart.Everything ? 0 : PartsBefore(trace.Trace);
            if (packed.Part == PackedPart.Nothing)
            {
                continue;
            }

            var output = new ArrayBufferWriter<byte>((packed.Peers.Count * 3) + 8);
            foreach (var peer in packed.Peers)
            {
                Varint.Write(output, (ulong)session.Strings.OfPeer(peer));
            }

            var peers = output.WrittenSpan.ToArray();
            copy.Row()
                .Int(trace.Trace.Hash)
                .Day(trace.Day)
                .Long(trace.Trace.No)
                .Long(trace.Trace.Revision)
                .Short((int)packed.Codec)
                .Bytes(peers.Length == 0 ? null : peers)
                .Bytes(packed.Data)
                .Long(BlobChecksum.Of(peers, packed.Data));
            trace.Bytes += packed.Data.Length + peers.Length;
        }

        copy.Complete();
    }

    // The rows of operations are written anew and counted anew, so a part of what was counted before counts twice after late spans. It is
    // an estimate, and errs on the side of deleting earlier.
    private static long PartsBefore(TraceRow trace) => Math.Max(0, trace.StoredBefore - StoredBytes.Trace - StoredBytes.Operation);

    private static void Update(WriteSession session, List<(FoundTrace Trace, PackedAnalysis Packed)> traces)
    {
        var extents = traces.ConvertAll(static item => TraceExtent.Of(item.Packed.Analysis.Spans));
        session.Connection.Execute(
            """
            UPDATE trace t SET received_ns = u.received, day = u.day, revision = t.revision + 1, analysis_version = u.version,
              analysis_error = u.error, span_count = u.spans, raw_bytes = u.bytes, stored_bytes = u.stored, start_ns = u.start_ns,
              end_ns = u.end_ns, stale = 0
            FROM unnest(@hashes, @traces, @received, @days, @versions, @errors, @spans, @bytes, @stored, @starts, @ends)
              AS u(hash, trace, received, day, version, error, spans, bytes, stored, start_ns, end_ns)
            WHERE t.hash = u.hash AND t.no = u.trace
            """,
            new
            {
                hashes = traces.Select(static item => item.Trace.Trace.Hash).ToArray(),
                traces = traces.Select(static item => item.Trace.Trace.No).ToArray(),
                received = traces.Select(static item => item.Packed.Analysis.Content.LastReceivedUnixNano).ToArray(),
                days = traces.Select(static item => item.Trace.Day).ToArray(),
                versions = traces.Select(static item => item.Packed.Analysis.Version).ToArray(),
                errors = traces.Select(static item => PostgresText.OrNull(item.Packed.Analysis.Error)).ToArray(),
                spans = traces.Select(static item => (long)item.Packed.Analysis.Spans.Count).ToArray(),
                bytes = traces.Select(static item => (long)item.Packed.Analysis.Otlp.Length).ToArray(),
                stored = traces.Select(static item => item.Trace.Bytes).ToArray(),
                starts = extents.Select(static extent => extent.Start).ToArray(),
                ends = extents.Select(static extent => extent.End).ToArray(),
            }
        );
    }

    private sealed class LockedRow
    {
        public int Hash { get; init; }
        public long No { get; init; }
        public byte[] Id { get; init; } = [];
        public long Revision { get; init; }
        public DateOnly Day { get; init; }
        public long Spans { get; init; }
        public long Bytes { get; init; }
        public long Stored { get; init; }
    }
}
