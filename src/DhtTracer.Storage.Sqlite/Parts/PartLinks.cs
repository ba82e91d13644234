using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Parts;

/// <summary>
/// Links requests that are alone in their trace to the operation in another trace that they belong to, when either arrives. A part that
/// fits several operations is linked to none. Each trace is still packed and analysed separately. A trace whose operation gains or loses a
/// part, or shares one with another operation, is marked stale and analysed again.
/// </summary>
internal static class PartLinks
{
    /// <summary>Maximum number of candidate operations per part; the latest that started before it come first.</summary>
    private const int MaxCandidates = 20;

    /// <summary>Maximum number of parts examined for one operation.</summary>
    private const int MaxParts = 2_000;

    /// <summary>Writes the parts of a trace, then links them and the operations of the trace.</summary>
    /// <param name="session">The writer.</param>
    /// <param name="trace">Number of the trace. Its operations are already written.</param>
    /// <param name="isNew">Whether the trace was never analysed before.</param>
    /// <param name="found">The reconstructed trace.</param>
    /// <param name="stale">Receives the numbers of traces that need analysis again.</param>
    public static void Update(WriteSession session, long trace, bool isNew, ReconstructedTrace found, HashSet<long> stale)
    {
        WriteParts(session, trace, isNew, found, stale);
        foreach (var operation in found.Operations.Where(CanHaveParts))
        {
            foreach (var (no, before, part) in PartsAround(session, operation))
            {
                Link(session, no, before, part, stale);
            }
        }
    }

    /// <summary>Removes links to operations that no longer exist.</summary>
    public static void Unlink(WriteSession session, IEnumerable<long> operations)
    {
        foreach (var operation in operations)
        {
            session["UPDATE loose_part SET operation = NULL WHERE operation = ?1"].Bind(1, operation).Run();
        }
    }

    private static bool CanHaveParts(Operation operation) =>
        operation is { Background: false, Key: not null, Type: QueryType.AddProvider or QueryType.GetValue };

    private static void WriteParts(WriteSession session, long trace, bool isNew, ReconstructedTrace found, HashSet<long> stale)
    {
        var stored = new Dictionary<SpanId, (Owned Owned, PartEnd End)>();
        if (!isNew)
        {
            var select = session[
                "SELECT span_id, operation, fits, outcome, duration_ns, error_class, error_text FROM loose_part WHERE trace = ?1"
            ]
                .Bind(1, trace);
            while (select.Step())
            {
                stored.Add(SpanId.FromBytes(select.GetBlob(0)), (Owned.Read(select, 1), PartEnd.Read(select, 3)));
            }

            select.Reset();
            session["DELETE FROM loose_part WHERE trace = ?1"].Bind(1, trace).Run();
        }

        Span<byte> id = stackalloc byte[8];
        foreach (var part in found.LooseParts)
        {
            part.Id.SpanId.WriteBytes(id);
            var wasStored = stored.TryGetValue(part.Id.SpanId, out var last);
            var before = last.Owned;
            var end = new PartEnd((long)part.Outcome, part.DurationNs, session.Texts.InternOrNull(part.Error?.Class), part.Error?.Text);
            if (wasStored && end != last.End && before.Operation is { } owner)
            {
                // The operation shows how its part ended.
                AddTraceOf(session, owner, stale);
            }

            var no =
                session[
                    """
                    INSERT INTO loose_part (trace, span_id, type, key_bytes, peer, service, instance, node, start_ns, duration_ns,
                      outcome, error_class, error_text, operation, fits)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) RETURNING no
                    """
                ]
                    .Bind(1, trace)
                    .Bind(2, id)
                    .Bind(3, (long)part.Type)
                    .Bind(4, Convert.FromHexString(part.KeyBytes))
                    .Bind(5, session.Peers.Intern(part.Peer))
                    .Bind(6, session.Texts.InternOrNull(part.Service))
                    .Bind(7, session.Texts.InternOrNull(part.Instance))
                    .Bind(8, session.Peers.InternOrNull(part.Node))
                    .Bind(9, Nanoseconds.ToColumn(part.StartUnixNano))
                    .Bind(10, end.DurationNs)
                    .Bind(11, end.Outcome)
                    .Bind(12, end.ErrorClass)
                    .Bind(13, end.ErrorText)
                    .Bind(14, before.Operation)
                    .Bind(15, before.Fits)
                    .RunScalar()
                ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
            Link(session, no, before, part, stale);
        }
    }

    private static List<(long No, Owned Before, LoosePart Part)> PartsAround(WriteSession session, Operation operation)
    {
        var parts = new List<(long, Owned, LoosePart)>();
        var start = Nanoseconds.ToColumn(operation.StartUnixNano);
        var select = session[
            $"""
            SELECT l.no, l.operation, l.fits, {PartReader.Columns}
            FROM loose_part l {PartReader.Joins}
            WHERE l.key_bytes = ?1 AND l.start_ns BETWEEN ?2 AND ?3 ORDER BY l.start_ns LIMIT ?4
            """
        ]
            .Bind(1, Convert.FromHexString(operation.Key!.Bytes))
            .Bind(2, start)
            .Bind(3, start + Math.Min(operation.DurationNs ?? 0, long.MaxValue / 4) + OperationParts.LatestAfterEndNs)
            .Bind(4, MaxParts);
        while (select.Step())
        {
            parts.Add((select.GetInt64(0), Owned.Read(select, 1), PartReader.Read(select, 3)));
        }

        select.Reset();
        return parts;
    }

    private static void Link(WriteSession session, long no, Owned before, LoosePart part, HashSet<long> stale)
    {
        var owners = Owners(session, part);
        var now = new Owned(owners is [var only] ? only.No : null, owners.Count);
        if (now == before)
        {
            return;
        }

        session["UPDATE loose_part SET operation = ?2, fits = ?3 WHERE no = ?1"].Bind(1, no).Bind(2, now.Operation).Bind(3, now.Fits).Run();
        stale.UnionWith(owners.Select(static owner => owner.Trace));
        if (before.Operation is { } last)
        {
            AddTraceOf(session, last, stale);
        }
    }

    private static void AddTraceOf(WriteSession session, long operation, HashSet<long> traces)
    {
        if (session["SELECT trace FROM dht_operation WHERE no = ?1"].Bind(1, operation).RunScalar() is { } trace)
        {
            traces.Add(trace);
        }
    }

    private static List<(long No, long Trace)> Owners(WriteSession session, LoosePart part)
    {
        var candidates = new Dictionary<QueryId, (long No, long Trace)>();
        var operations = new List<Operation>();
        var key = new QueryKey("", part.KeyBytes, "");
        var select = session[
            """
            SELECT o.no, o.trace, t.trace_id, o.span_id, o.type, o.start_ns, o.duration_ns, s.value, i.value, n.id
            FROM dht_operation o JOIN trace t ON t.no = o.trace
            LEFT JOIN text s ON s.no = o.service LEFT JOIN text i ON i.no = o.instance LEFT JOIN peer n ON n.no = o.node
            WHERE o.key_bytes = ?1 AND o.start_ns <= ?2 AND o.background = 0 ORDER BY o.start_ns DESC LIMIT ?3
            """
        ]
            .Bind(1, Convert.FromHexString(part.KeyBytes))
            .Bind(2, Nanoseconds.ToColumn(part.StartUnixNano))
            .Bind(3, MaxCandidates);
        while (select.Step())
        {
            var id = new QueryId(TraceId.FromBytes(select.GetBlob(2)), SpanId.FromBytes(select.GetBlob(3)));
            candidates[id] = (select.GetInt64(0), select.GetInt64(1));
            operations.Add(
                new Operation
                {
                    Id = id,
                    Type = (QueryType)select.GetInt64(4),
                    Key = key,
                    Source = TraceSource.GoKadDht,
                    Outcome = QueryOutcome.Success,
                    StartUnixNano = (ulong)select.GetInt64(5),
                    DurationNs = select.IsNull(6) ? null : select.GetInt64(6),
                    Service = select.IsNull(7) ? null : NumberedStrings.Text(select, 7),
                    Instance = select.IsNull(8) ? null : NumberedStrings.Text(select, 8),
                    Node = select.IsNull(9) ? null : PeerTable.Read(select, 9),
                }
            );
        }

        select.Reset();
        return [.. OperationParts.Owners(operations, part).Select(owner => candidates[owner.Id])];
    }

    /// <summary>How a part ended, as its row says.</summary>
    private readonly record struct PartEnd(long Outcome, long? DurationNs, long? ErrorClass, string? ErrorText)
    {
        /// <summary>Reads four columns.</summary>
        public static PartEnd Read(Statement row, int first) =>
            new(
                row.GetInt64(first),
                row.IsNull(first + 1) ? null : row.GetInt64(first + 1),
                row.IsNull(first + 2) ? null : row.GetInt64(first + 2),
                row.IsNull(first + 3) ? null : NumberedStrings.Text(row, first + 3)
            );
    }

    /// <summary>The operation that a part is linked to.</summary>
    /// <param name="Operation">Number of the operation; null for none.</param>
    /// <param name="Fits">Number of operations that the part fits.</param>
    private readonly record struct Owned(long? Operation, long Fits)
    {
        /// <summary>Reads two columns.</summary>
        public static Owned Read(Statement row, int first) => new(row.IsNull(first) ? null : row.GetInt64(first), row.GetInt64(first + 1));
    }
}
