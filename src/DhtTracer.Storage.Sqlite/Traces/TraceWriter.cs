using System.Buffers;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.EventStreams;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Operations;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Sqlite.Services;
using DhtTracer.Storage.Sqlite.Sweeps;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>Writes a trace's own tables.</summary>
internal static class TraceWriter
{
    /// <summary>
    /// Saves an analysis. Returns the traces whose own analysis used something that this changed: they need analysis
    /// again. Returns null if the trace was analysed or deleted in the meantime.
    /// </summary>
    /// <param name="session">The write.</param>
    /// <param name="packed">The analysis.</param>
    /// <param name="released">Counts the traces taken out of each inbox message, for <see cref="InboxWriter.Remove"/>.</param>
    public static IReadOnlyList<TraceId>? Save(WriteSession session, PackedAnalysis packed, Dictionary<long, int> released)
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
        var (start, end) = TraceExtent.Of(analysis.Spans);
        var spans = analysis.Spans.Count;
        foreach (var row in content.Rows)
        {
            InboxWriter.Release(session, trace, row, released);
        }

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
        Write(session, trace, packed);
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
        SweepFacts.Replace(session, trace, isNew, analysis.Found.Sweep);
        return MarkStale(session, stale);
    }

    /// <summary>Writes the spans: all of them, those that came since the last analysis, or none if there is nothing new.</summary>
    private static void Write(WriteSession session, long trace, PackedAnalysis packed)
    {
        if (packed.Part == PackedPart.Nothing)
        {
            return;
        }

        var insert = session[
            packed.Part == PackedPart.Everything
                ? "INSERT OR REPLACE INTO trace_blob (trace, codec, peers, data, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"
                : "INSERT INTO trace_segment (trace, codec, peers, data, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"
        ]
            .Bind(1, trace)
            .Bind(2, (long)packed.Codec);
        var peers = BlobPeers(session, packed.Peers);
        if (peers.IsEmpty)
        {
            insert.BindNull(3);
        }
        else
        {
            insert.Bind(3, peers);
        }

        insert.Bind(4, packed.Data).Bind(5, BlobChecksum.Of(peers, packed.Data)).Run();
        if (packed.Part == PackedPart.Everything && packed.Analysis.Content.Revision > 0)
        {
            session["DELETE FROM trace_segment WHERE trace = ?1"].Bind(1, trace).Run();
        }
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
}
