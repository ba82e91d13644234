using System.Buffers;
using System.Collections.Immutable;
using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.EventStreams;

/// <summary>
/// Joins query-event streams with the operations in other traces that they describe, whenever either is analysed. It compares all streams
/// and operations of one key together, so the order of arrival does not matter. Traces that gain or lose a link are analysed again.
/// </summary>
internal static class EventStreamLinks
{
    /// <summary>
    /// Maximum number of streams, and of operations, compared per key. If there are more, the links of that key stay unchanged.
    /// </summary>
    private const int MaxCandidates = 2_000;

    /// <summary>Writes the streams of traces, and joins whatever belongs to them or to the operations of the traces.</summary>
    /// <param name="session">The write.</param>
    /// <param name="traces">The traces. Their operations are already written.</param>
    /// <param name="stale">Receives the numbers of traces that need analysis again.</param>
    public static void Update(WriteSession session, IReadOnlyList<FoundTrace> traces, HashSet<long> stale)
    {
        // Most archives have no streams at all.
        var hasStreams = session.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM event_stream)");
        foreach (var trace in traces)
        {
            if (!hasStreams && trace.Found.Streams.IsEmpty)
            {
                continue;
            }

            hasStreams = true;
            var keys = new HashSet<(string Key, QueryType Type)>();
            WriteStreams(session, trace, keys, stale);
            keys.UnionWith(
                trace
                    .Found.Operations.Where(static operation => IsCandidate(operation) && operation.Key is not null)
                    .Select(static operation => (operation.Key!.Bytes, operation.Type))
            );
            Match(session, keys, stale);
        }
    }

    /// <summary>Removes links to operations that no longer exist.</summary>
    public static void Unlink(WriteSession session, IReadOnlyCollection<long> operations, HashSet<long> stale)
    {
        if (operations.Count > 0)
        {
            stale.UnionWith(
                session.Connection.Query<long>(
                    "UPDATE event_stream SET operation = NULL WHERE operation = ANY(@operations) RETURNING trace",
                    new { operations = operations.ToArray() }
                )
            );
        }
    }

    /// <summary>Prepares the deletion of traces: operations joined with their streams will be analysed again without them.</summary>
    public static void Delete(WriteSession session, IReadOnlyCollection<TraceRow> traces, HashSet<long> stale) =>
        stale.UnionWith(
            session.Connection.Query<long>(
                """
                WITH gone AS (
                  DELETE FROM event_stream s USING unnest(@hashes, @traces) AS u(hash, trace)
                  WHERE s.hash = u.hash AND s.trace = u.trace RETURNING s.operation)
                SELECT o.trace FROM gone JOIN dht_operation o ON o.no = gone.operation
                """,
                new
                {
                    hashes = traces.Select(static trace => trace.Hash).ToArray(),
                    traces = traces.Select(static trace => trace.No).ToArray(),
                }
            )
        );

    private static bool IsCandidate(Operation operation) =>
        operation is { Background: false, Source: TraceSource.GoKadDht or TraceSource.GoKadDhtAndKuboEvents };

    private static void WriteStreams(
        WriteSession session,
        FoundTrace trace,
        HashSet<(string Key, QueryType Type)> keys,
        HashSet<long> stale
    )
    {
        var before = new Dictionary<SpanId, StoredRow>();
        foreach (
            var row in session.Connection.Query<StoredRow>(
                """
                DELETE FROM event_stream WHERE hash = @Hash AND trace = @No
                RETURNING span_id AS SpanId, type AS Type, key_bytes AS KeyBytes, operation AS Operation, fits AS Fits, inside AS Inside,
                  duration_ns AS DurationNs, asked AS Asked
                """,
                new { trace.Trace.Hash, trace.Trace.No }
            )
        )
        {
            before.Add(SpanId.FromBytes(row.SpanId), row);
            if (row.KeyBytes is { } bytes)
            {
                keys.Add((Convert.ToHexStringLower(bytes), (QueryType)row.Type));
            }
        }

        foreach (var stream in trace.Found.Streams)
        {
            var inside = stream.JoinedTo is { } joined && joined.TraceId == stream.Id.TraceId ? joined : (QueryId?)null;
            before.TryGetValue(stream.Id.SpanId, out var link);
            var asked = Numbers(session, stream.Asked);
            if (
                link is { Inside: 0, Operation: { } other }
                && (inside is not null || link.DurationNs != stream.DurationNs || !asked.SequenceEqual(link.Asked))
            )
            {
                // More of the stream arrived, or the spans of its own trace. The operation that it was joined with has therefore changed.
                MarkTraceOf(session, other, stale);
            }

            var operation =
                inside is { } own ? NumberOf(session, trace, own)
                : link is { Inside: not 0 } ? null
                : link?.Operation;
            var key = stream.KeyBytes is { } hex ? Convert.FromHexString(hex) : null;
            session.Connection.Execute(
                """
                INSERT INTO event_stream (hash, trace, span_id, type, key_bytes, key_digest, node, start_ns, duration_ns, timed, whole,
                  asked,
                  inside, operation, fits)
                VALUES (@Hash, @No, @span, @type, @key, @digest, @node, @start, @duration, @timed, @whole,
                  @asked, @isInside, @operation, @fits)
                """,
                new
                {
                    trace.Trace.Hash,
                    trace.Trace.No,
                    span = stream.Id.SpanId.ToBytes(),
                    type = (short)stream.Type,
                    key,
                    digest = key is null ? null : TraceKey.Digest(key),
                    node = session.Strings.OfPeerOrNull(stream.Node),
                    start = Nanoseconds.ToColumn(stream.StartUnixNano),
                    duration = stream.DurationNs,
                    timed = (short)(stream.IsTimed ? 1 : 0),
                    whole = (short)(stream.IsWhole ? 1 : 0),
                    asked,
                    isInside = (short)(inside is null ? 0 : 1),
                    operation,
                    fits = link?.Fits ?? 0,
                }
            );
            if (stream.KeyBytes is { } bytes)
            {
                keys.Add((bytes, stream.Type));
            }
        }
    }

    private static long? NumberOf(WriteSession session, FoundTrace trace, QueryId operation) =>
        session.Connection.ExecuteScalar<long?>(
            "SELECT no FROM dht_operation WHERE hash = @Hash AND day = @Day AND trace = @No AND span_id = @span",
            new
            {
                trace.Trace.Hash,
                trace.Day,
                trace.Trace.No,
                span = operation.SpanId.ToBytes(),
            }
        );

    private static void MarkTraceOf(WriteSession session, long operation, HashSet<long> stale)
    {
        if (
            session.Connection.ExecuteScalar<long?>("SELECT trace FROM dht_operation WHERE no = @operation", new { operation }) is { } trace
        )
        {
            stale.Add(trace);
        }
    }

    private static byte[] Numbers(WriteSession session, ImmutableArray<string> peers)
    {
        var output = new ArrayBufferWriter<byte>((peers.Length * 4) + 8);
        foreach (var peer in peers)
        {
            Varint.Write(output, (ulong)session.Strings.OfPeer(peer));
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Match(WriteSession session, IEnumerable<(string Key, QueryType Type)> keys, HashSet<long> stale)
    {
        foreach (var (key, type) in keys)
        {
            var digest = TraceKey.Digest(Convert.FromHexString(key));
            var streams = EventStreamCandidates.Streams(session, digest, type, MaxCandidates + 1);
            if (streams.Count is 0 or > MaxCandidates)
            {
                continue;
            }

            var operations = EventStreamCandidates.Operations(session, digest, type, streams, MaxCandidates + 1);
            if (operations.Count > MaxCandidates)
            {
                continue;
            }

            var matches = EventStreamMatch.Match(
                [.. streams.Select(static stream => stream.Candidate)],
                [.. operations.Values.Select(static operation => operation.Candidate)]
            );
            for (var i = 0; i < streams.Count; i++)
            {
                Link(session, streams[i], matches[i].Operation is { } joined ? operations[joined] : null, matches[i].Fits, stale);
            }
        }
    }

    private static void Link(WriteSession session, StoredStream stream, StoredOperation? operation, int fits, HashSet<long> stale)
    {
        if (stream.Operation == operation?.No && (stream.Fits == fits || operation is not null))
        {
            return;
        }

        session.Connection.Execute(
            "UPDATE event_stream SET operation = @operation, fits = @fits WHERE no = @No",
            new
            {
                operation = operation?.No,
                fits,
                stream.No,
            }
        );
        stale.Add(stream.Trace);
        if (operation is not null)
        {
            stale.Add(operation.Trace);
        }

        if (stream.Operation is { } before && before != operation?.No)
        {
            MarkTraceOf(session, before, stale);
        }
    }

    private sealed class StoredRow
    {
        public byte[] SpanId { get; init; } = [];
        public short Type { get; init; }
        public byte[]? KeyBytes { get; init; }
        public long? Operation { get; init; }
        public int Fits { get; init; }
        public short Inside { get; init; }
        public long? DurationNs { get; init; }
        public byte[] Asked { get; init; } = [];
    }
}
