using System.Buffers;
using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.EventStreams;

/// <summary>
/// Joins query-event streams with the operations in other traces that they describe, whenever either is analysed. It compares all streams
/// and operations of one key together, so the order of arrival does not matter. Traces that gain or lose a link are marked stale and
/// analysed again.
/// </summary>
internal static class EventStreamLinks
{
    /// <summary>
    /// Maximum number of streams, and of operations, compared per key. If there are more, the links of that key stay unchanged.
    /// </summary>
    internal const int MaxCandidates = 2_000;

    /// <summary>Writes the streams of a trace, and joins whatever belongs to them or to the operations of the trace.</summary>
    /// <param name="session">The writer.</param>
    /// <param name="trace">Number of the trace. Its operations are already written.</param>
    /// <param name="found">The reconstructed trace.</param>
    /// <param name="stale">Receives the numbers of traces that need analysis again.</param>
    public static void Update(WriteSession session, long trace, ReconstructedTrace found, HashSet<long> stale)
    {
        if (found.Streams.IsEmpty && session["SELECT EXISTS (SELECT 1 FROM event_stream)"].RunScalar() == 0)
        {
            return;
        }

        var keys = new HashSet<(string Key, QueryType Type)>(KeysOf(session, trace));
        WriteStreams(session, trace, found, keys, stale);
        keys.UnionWith(
            found
                .Operations.Where(static operation => IsCandidate(operation) && operation.Key is not null)
                .Select(static operation => (operation.Key!.Bytes, operation.Type))
        );
        Match(session, keys, stale);
    }

    /// <summary>Removes links to operations that no longer exist.</summary>
    public static void Unlink(WriteSession session, IEnumerable<long> operations, HashSet<long> stale)
    {
        foreach (var operation in operations)
        {
            var select = session["UPDATE event_stream SET operation = NULL WHERE operation = ?1 RETURNING trace"].Bind(1, operation);
            while (select.Step())
            {
                stale.Add(select.GetInt64(0));
            }

            select.Reset();
        }
    }

    /// <summary>Prepares the deletion of a trace: operations joined with its streams will be analysed again without them.</summary>
    public static void Delete(WriteSession session, long trace, HashSet<long> stale)
    {
        var select = session[
            "DELETE FROM event_stream WHERE trace = ?1 RETURNING (SELECT o.trace FROM dht_operation o WHERE o.no = event_stream.operation)"
        ]
            .Bind(1, trace);
        while (select.Step())
        {
            if (!select.IsNull(0))
            {
                stale.Add(select.GetInt64(0));
            }
        }

        select.Reset();
    }

    private static bool IsCandidate(Operation operation) =>
        operation is { Background: false, Source: TraceSource.GoKadDht or TraceSource.GoKadDhtAndKuboEvents };

    private static List<(string Key, QueryType Type)> KeysOf(WriteSession session, long trace)
    {
        var keys = new List<(string, QueryType)>();
        var select = session["SELECT key_bytes, type FROM event_stream WHERE trace = ?1 AND key_bytes IS NOT NULL"].Bind(1, trace);
        while (select.Step())
        {
            keys.Add((Convert.ToHexStringLower(select.GetBlob(0)), (QueryType)select.GetInt64(1)));
        }

        select.Reset();
        return keys;
    }

    private static void WriteStreams(
        WriteSession session,
        long trace,
        ReconstructedTrace found,
        HashSet<(string Key, QueryType Type)> keys,
        HashSet<long> stale
    )
    {
        var before = Before(session, trace);
        session["DELETE FROM event_stream WHERE trace = ?1"].Bind(1, trace).Run();
        Span<byte> id = stackalloc byte[8];
        foreach (var stream in found.Streams)
        {
            var inside = stream.JoinedTo is { } joined && joined.TraceId == stream.Id.TraceId ? joined : (QueryId?)null;
            before.TryGetValue(stream.Id.SpanId, out var link);
            var asked = Numbers(session, stream.Asked);
            if (
                link is { Inside: false, Operation: { } other }
                && (inside is not null || link.DurationNs != stream.DurationNs || !asked.SequenceEqual(link.Asked))
            )
            {
                // More of the stream arrived, or the spans of its own trace. The operation that it was joined with has therefore changed.
                MarkTraceOf(session, other, stale);
            }

            var operation =
                inside is { } own ? NumberOf(session, trace, own)
                : link.Inside ? null
                : link.Operation;
            stream.Id.SpanId.WriteBytes(id);
            var row = session[
                """
                INSERT INTO event_stream (trace, span_id, type, key_bytes, node, start_ns, duration_ns, timed, whole, asked, inside,
                  operation, fits)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                """
            ]
                .Bind(1, trace)
                .Bind(2, id)
                .Bind(3, (long)stream.Type)
                .Bind(5, session.Peers.InternOrNull(stream.Node))
                .Bind(6, Nanoseconds.ToColumn(stream.StartUnixNano))
                .Bind(7, stream.DurationNs)
                .Bind(8, stream.IsTimed ? 1L : 0L)
                .Bind(9, stream.IsWhole ? 1L : 0L)
                .Bind(10, asked)
                .Bind(11, inside is null ? 0L : 1L)
                .Bind(12, operation)
                .Bind(13, link.Fits);
            if (stream.KeyBytes is { } key)
            {
                row.Bind(4, Convert.FromHexString(key)).Run();
                keys.Add((key, stream.Type));
            }
            else
            {
                row.BindNull(4).Run();
            }
        }
    }

    private static Dictionary<SpanId, Row> Before(WriteSession session, long trace)
    {
        var before = new Dictionary<SpanId, Row>();
        var select = session["SELECT span_id, operation, fits, inside, duration_ns, asked FROM event_stream WHERE trace = ?1"]
            .Bind(1, trace);
        while (select.Step())
        {
            before.Add(
                SpanId.FromBytes(select.GetBlob(0)),
                new Row(
                    select.IsNull(1) ? null : select.GetInt64(1),
                    select.GetInt64(2),
                    select.GetInt64(3) != 0,
                    select.IsNull(4) ? null : select.GetInt64(4),
                    select.GetBlob(5).ToArray()
                )
            );
        }

        select.Reset();
        return before;
    }

    private static long? NumberOf(WriteSession session, long trace, QueryId operation)
    {
        Span<byte> id = stackalloc byte[8];
        operation.SpanId.WriteBytes(id);
        return session["SELECT no FROM dht_operation WHERE trace = ?1 AND span_id = ?2"].Bind(1, trace).Bind(2, id).RunScalar();
    }

    private static void MarkTraceOf(WriteSession session, long operation, HashSet<long> stale)
    {
        if (session["SELECT trace FROM dht_operation WHERE no = ?1"].Bind(1, operation).RunScalar() is { } trace)
        {
            stale.Add(trace);
        }
    }

    private static ReadOnlySpan<byte> Numbers(WriteSession session, ImmutableArray<string> peers)
    {
        var output = new ArrayBufferWriter<byte>((peers.Length * 4) + 8);
        foreach (var peer in peers)
        {
            Varint.Write(output, (ulong)session.Peers.Intern(peer));
        }

        return output.WrittenSpan;
    }

    private static void Match(WriteSession session, IEnumerable<(string Key, QueryType Type)> keys, HashSet<long> stale)
    {
        foreach (var (key, type) in keys)
        {
            var bytes = Convert.FromHexString(key);
            var streams = EventStreamCandidates.Streams(session, bytes, type, MaxCandidates + 1);
            if (streams.Count is 0 or > MaxCandidates)
            {
                continue;
            }

            var operations = EventStreamCandidates.Operations(session, bytes, type, streams, MaxCandidates + 1);
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

        session["UPDATE event_stream SET operation = ?2, fits = ?3 WHERE no = ?1"]
            .Bind(1, stream.No)
            .Bind(2, operation?.No)
            .Bind(3, fits)
            .Run();
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

    /// <summary>The previous row of a stream.</summary>
    private readonly record struct Row(long? Operation, long Fits, bool Inside, long? DurationNs, byte[] Asked);
}
