using System.Buffers;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.EventStreams;
using DhtTracer.Storage.Sqlite.Operations;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Sqlite.Services;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>A chunk, compressed on its sender's thread, for the writer's thread.</summary>
internal sealed record PackedChunk(TraceId TraceId, int SpanCount, int RawBytes, byte[] Data);

/// <summary>An analysis, packed on the analyser's thread, for the writer's thread.</summary>
internal sealed record PackedAnalysis(TraceAnalysis Analysis, BlobCodec Codec, byte[] Data, IReadOnlyList<string> Peers);

/// <summary>Writes a trace's own tables.</summary>
internal static class TraceWriter
{
    public static bool Append(WriteSession session, IReadOnlyList<PackedChunk> chunks, long now)
    {
        var created = 0L;
        Span<byte> id = stackalloc byte[16];
        foreach (var chunk in chunks)
        {
            chunk.TraceId.WriteBytes(id);
            var trace = session["SELECT no FROM trace WHERE trace_id = ?1"].Bind(1, id).RunScalar();
            if (trace is null)
            {
                trace = session["INSERT INTO trace (trace_id, received_ns) VALUES (?1, ?2) RETURNING no"]
                    .Bind(1, id)
                    .Bind(2, now)
                    .RunScalar();
                session["DELETE FROM tombstone WHERE trace_id = ?1"].Bind(1, id).Run();
                created++;
            }

            session["INSERT INTO chunk (trace, received_ns, span_count, raw_bytes, codec, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"]
                .Bind(1, trace)
                .Bind(2, now)
                .Bind(3, chunk.SpanCount)
                .Bind(4, chunk.RawBytes)
                .Bind(5, (long)BlobCodec.Brotli)
                .Bind(6, chunk.Data)
                .Run();
        }

        if (created > 0)
        {
            session["UPDATE total SET traces = traces + ?1"].Bind(1, created).Run();
        }

        return true;
    }

    /// <summary>
    /// Saves an analysis in place of its input. Returns the traces whose own analysis used something that this changed: they need analysis
    /// again. Returns null if the trace was analysed or deleted in the meantime.
    /// </summary>
    public static IReadOnlyList<TraceId>? Save(WriteSession session, PackedAnalysis packed)
    {
        var analysis = packed.Analysis;
        var content = analysis.Content;
        var select = session["SELECT no, revision, span_count, raw_bytes FROM trace WHERE trace_id = ?1"]
            .Bind(1, content.TraceId.ToBytes());
        if (!select.Step() || select.GetInt64(1) != content.Revision)
        {
            select.Reset();
            return null;
        }

        var (trace, spansBefore, bytesBefore) = (select.GetInt64(0), select.GetInt64(2), select.GetInt64(3));
        select.Reset();
        var isNew = content.Revision == 0;
        var (start, end) = Extent(analysis.Spans);
        var spans = analysis.Spans.Count;
        session["DELETE FROM chunk WHERE trace = ?1 AND no <= ?2"].Bind(1, trace).Bind(2, content.LastChunk).Run();
        session[
            """
            UPDATE trace SET received_ns = ?2, revision = revision + 1, analysis_version = ?3, analysis_error = ?4, span_count = ?5,
              raw_bytes = ?6, start_ns = ?7, end_ns = ?8, stale = 0
            WHERE no = ?1
            """
        ]
            .Bind(1, trace)
            .Bind(2, content.LastReceivedUnixNano)
            .Bind(3, analysis.Version)
            .Bind(4, analysis.Error)
            .Bind(5, spans)
            .Bind(6, analysis.Otlp.Length)
            .Bind(7, start)
            .Bind(8, end)
            .Run();
        var blob = session["INSERT OR REPLACE INTO trace_blob (trace, codec, peers, data) VALUES (?1, ?2, ?3, ?4)"]
            .Bind(1, trace)
            .Bind(2, (long)packed.Codec);
        if (packed.Peers.Count == 0)
        {
            blob.BindNull(3);
        }
        else
        {
            blob.Bind(3, BlobPeers(session, packed.Peers));
        }

        blob.Bind(4, packed.Data).Run();
        ServiceWriter.Replace(session, trace, isNew, analysis.Spans);
        ServiceDependencies.Replace(session, trace, isNew, start, analysis.Spans);
        var stale = new HashSet<long>();
        var (operations, queries) = OperationWriter.Replace(session, trace, isNew, analysis.Found, stale);
        session["UPDATE total SET spans = spans + ?1, queries = queries + ?2, raw_bytes = raw_bytes + ?3, operations = operations + ?4"]
            .Bind(1, spans - spansBefore)
            .Bind(2, queries)
            .Bind(3, analysis.Otlp.Length - bytesBefore)
            .Bind(4, operations)
            .Run();
        PartLinks.Update(session, trace, isNew, analysis.Found, stale);
        EventStreamLinks.Update(session, trace, analysis.Found, stale);
        return MarkStale(session, stale);
    }

    /// <summary>Marks traces for analysis again.</summary>
    /// <returns>Their ids.</returns>
    public static IReadOnlyList<TraceId> MarkStale(WriteSession session, HashSet<long> traces)
    {
        var marked = new List<TraceId>(traces.Count);
        foreach (var trace in traces)
        {
            // A trace deleted in the same transaction no longer exists.
            var update = session["UPDATE trace SET stale = 1 WHERE no = ?1 RETURNING trace_id"].Bind(1, trace);
            while (update.Step())
            {
                marked.Add(TraceId.FromBytes(update.GetBlob(0)));
            }

            update.Reset();
        }

        return marked;
    }

    /// <summary>Records a failure.</summary>
    public static bool Fail(WriteSession session, TraceId traceId, int version, string error)
    {
        session["UPDATE trace SET analysis_error = ?2, analysis_version = ?3 WHERE trace_id = ?1"]
            .Bind(1, traceId.ToBytes())
            .Bind(2, error)
            .Bind(3, version)
            .Run();
        return true;
    }

    private static ReadOnlySpan<byte> BlobPeers(WriteSession session, IReadOnlyList<string> peers)
    {
        var output = new ArrayBufferWriter<byte>((peers.Count * 3) + 8);
        foreach (var peer in peers)
        {
            Varint.Write(output, (ulong)session.Peers.Intern(peer));
        }

        return output.WrittenSpan;
    }

    private static (long? Start, long? End) Extent(IReadOnlyList<Span> spans)
    {
        long? start = null,
            end = null;
        foreach (var span in spans)
        {
            var spanStart = Nanoseconds.ToColumn(span.StartUnixNano);
            start = start is { } earliest && earliest < spanStart ? earliest : spanStart;
            if (span.EndUnixNano != 0)
            {
                var spanEnd = Nanoseconds.ToColumn(span.EndUnixNano);
                end = end is { } latest && latest > spanEnd ? latest : spanEnd;
            }
        }

        return (start, end);
    }
}
