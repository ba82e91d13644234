using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Rows;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Parts;

/// <summary>
/// Links requests that are alone in their trace to the operation in another trace that they belong to, when either arrives. A part that
/// fits several operations is linked to none. A trace whose operation gains or loses a part, or shares one with another operation, is
/// analysed again.
/// </summary>
internal static class PartLinks
{
    /// <summary>Maximum number of candidate operations per part; the latest that started before it come first.</summary>
    private const int MaxCandidates = 20;

    /// <summary>Maximum number of parts examined for one operation.</summary>
    private const int MaxParts = 2_000;

    /// <summary>Writes the parts of traces, then links them and the operations of the traces.</summary>
    /// <param name="session">The write.</param>
    /// <param name="traces">The traces. Their operations are already written.</param>
    /// <param name="stale">Receives the numbers of traces that need analysis again.</param>
    public static void Update(WriteSession session, IReadOnlyList<FoundTrace> traces, HashSet<long> stale)
    {
        // Most archives have no parts at all.
        var hasParts = session.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM loose_part)");
        foreach (var trace in traces)
        {
            if (hasParts || !trace.Found.LooseParts.IsEmpty)
            {
                WriteParts(session, trace, stale);
                hasParts = true;
            }
        }

        if (!hasParts)
        {
            return;
        }

        foreach (var operation in traces.SelectMany(static trace => trace.Found.Operations).Where(CanHaveParts))
        {
            foreach (var row in PartsAround(session, operation))
            {
                Link(session, row.No, new Owned(row.Operation, row.Fits), row.ToPart(), stale);
            }
        }
    }

    /// <summary>Removes links to operations that no longer exist.</summary>
    public static void Unlink(WriteSession session, IReadOnlyCollection<long> operations)
    {
        if (operations.Count > 0)
        {
            session.Connection.Execute(
                "UPDATE loose_part SET operation = NULL WHERE operation = ANY(@operations)",
                new { operations = operations.ToArray() }
            );
        }
    }

    private static bool CanHaveParts(Operation operation) =>
        operation is { Background: false, Key: not null, Type: QueryType.AddProvider or QueryType.GetValue };

    private static void WriteParts(WriteSession session, FoundTrace trace, HashSet<long> stale)
    {
        var stored = session
            .Connection.Query<StoredPart>(
                """
                DELETE FROM loose_part WHERE hash = @Hash AND trace = @No
                RETURNING span_id AS SpanId, operation AS Operation, fits AS Fits, outcome AS Outcome, duration_ns AS DurationNs,
                  error_class AS ErrorClass, error_text AS ErrorText
                """,
                new { trace.Trace.Hash, trace.Trace.No }
            )
            .ToDictionary(static row => DhtTracer.Traces.Model.SpanId.FromBytes(row.SpanId));
        foreach (var part in trace.Found.LooseParts)
        {
            stored.TryGetValue(part.Id.SpanId, out var last);
            var errorClass = session.Strings.OfTextOrNull(part.Error?.Class);
            var errorText = PostgresText.OrNull(part.Error?.Text);
            if (
                last is { Operation: { } owner }
                && (last.Outcome, last.DurationNs, last.ErrorClass, last.ErrorText)
                    != ((short)part.Outcome, part.DurationNs, errorClass, errorText)
            )
            {
                // The operation shows how its part ended.
                AddTraceOf(session, owner, stale);
            }

            var bytes = Convert.FromHexString(part.KeyBytes);
            var before = new Owned(last?.Operation, last?.Fits ?? 0);
            var no = session.Connection.ExecuteScalar<long>(
                """
                INSERT INTO loose_part (hash, trace, span_id, type, key_bytes, key_digest, peer, service, instance, node, start_ns,
                  duration_ns, outcome, error_class, error_text, operation, fits)
                VALUES (@Hash, @No, @span, @type, @bytes, @digest, @peer, @service, @instance, @node, @start, @duration, @outcome,
                  @errorClass, @errorText, @operation, @fits) RETURNING no
                """,
                new
                {
                    trace.Trace.Hash,
                    trace.Trace.No,
                    span = part.Id.SpanId.ToBytes(),
                    type = (short)part.Type,
                    bytes,
                    digest = TraceKey.Digest(bytes),
                    peer = session.Strings.OfPeer(part.Peer),
                    service = session.Strings.OfTextOrNull(part.Service),
                    instance = session.Strings.OfTextOrNull(part.Instance),
                    node = session.Strings.OfPeerOrNull(part.Node),
                    start = Nanoseconds.ToColumn(part.StartUnixNano),
                    duration = part.DurationNs,
                    outcome = (short)part.Outcome,
                    errorClass,
                    errorText,
                    operation = before.Operation,
                    fits = before.Fits,
                }
            );
            Link(session, no, before, part, stale);
        }
    }

    private static List<PartRow> PartsAround(WriteSession session, Operation operation)
    {
        var start = Nanoseconds.ToColumn(operation.StartUnixNano);
        return session
            .Connection.Query<PartRow>(
                $"""
                SELECT {PartReader.Columns} FROM loose_part l {PartReader.Joins}
                WHERE l.key_digest = @digest AND l.start_ns BETWEEN @start AND @end ORDER BY l.start_ns, l.no LIMIT {MaxParts}
                """,
                new
                {
                    digest = TraceKey.Digest(Convert.FromHexString(operation.Key!.Bytes)),
                    start,
                    end = start + Math.Min(operation.DurationNs ?? 0, long.MaxValue / 4) + OperationParts.LatestAfterEndNs,
                }
            )
            .AsList();
    }

    private static void Link(WriteSession session, long no, Owned before, LoosePart part, HashSet<long> stale)
    {
        var owners = Owners(session, part);
        var now = new Owned(owners is [var only] ? only.No : null, owners.Count);
        if (now == before)
        {
            return;
        }

        session.Connection.Execute(
            "UPDATE loose_part SET operation = @Operation, fits = @Fits WHERE no = @no",
            new
            {
                now.Operation,
                now.Fits,
                no,
            }
        );
        stale.UnionWith(owners.Select(static owner => owner.Trace));
        if (before.Operation is { } last)
        {
            AddTraceOf(session, last, stale);
        }
    }

    private static void AddTraceOf(WriteSession session, long operation, HashSet<long> traces)
    {
        if (
            session.Connection.ExecuteScalar<long?>("SELECT trace FROM dht_operation WHERE no = @operation", new { operation }) is { } trace
        )
        {
            traces.Add(trace);
        }
    }

    private static List<(long No, long Trace)> Owners(WriteSession session, LoosePart part)
    {
        var candidates = new Dictionary<QueryId, (long No, long Trace)>();
        var operations = new List<Operation>();
        var key = new QueryKey("", part.KeyBytes, "");
        foreach (
            var row in session.Connection.Query<CandidateRow>(
                $"""
                SELECT o.no AS No, o.trace AS Trace, t.trace_id AS TraceId, o.span_id AS SpanId, o.type AS Type, o.start_ns AS StartNs,
                  o.duration_ns AS DurationNs, s.value AS Service, i.value AS Instance, n.id AS Node
                FROM dht_operation o JOIN trace t ON t.hash = o.hash AND t.no = o.trace
                LEFT JOIN text s ON s.no = o.service LEFT JOIN text i ON i.no = o.instance LEFT JOIN peer n ON n.no = o.node
                WHERE o.key_digest = @digest AND o.start_ns <= @start AND o.background = 0
                ORDER BY o.start_ns DESC, o.no DESC LIMIT {MaxCandidates}
                """,
                new { digest = TraceKey.Digest(Convert.FromHexString(part.KeyBytes)), start = Nanoseconds.ToColumn(part.StartUnixNano) }
            )
        )
        {
            var id = new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId));
            candidates[id] = (row.No, row.Trace);
            operations.Add(
                new Operation
                {
                    Id = id,
                    Type = (QueryType)row.Type,
                    Key = key,
                    Source = TraceSource.GoKadDht,
                    Outcome = QueryOutcome.Success,
                    StartUnixNano = (ulong)row.StartNs,
                    DurationNs = row.DurationNs,
                    Service = row.Service,
                    Instance = row.Instance,
                    Node = row.Node,
                }
            );
        }

        return [.. OperationParts.Owners(operations, part).Select(owner => candidates[owner.Id])];
    }

    /// <summary>The operation that a part is linked to.</summary>
    /// <param name="Operation">Number of the operation; null for none.</param>
    /// <param name="Fits">Number of operations that the part fits.</param>
    private readonly record struct Owned(long? Operation, int Fits);

    private sealed class StoredPart
    {
        public byte[] SpanId { get; init; } = [];
        public long? Operation { get; init; }
        public int Fits { get; init; }
        public short Outcome { get; init; }
        public long? DurationNs { get; init; }
        public long? ErrorClass { get; init; }
        public string? ErrorText { get; init; }
    }

    private sealed class CandidateRow
    {
        public long No { get; init; }
        public long Trace { get; init; }
        public byte[] TraceId { get; init; } = [];
        public byte[] SpanId { get; init; } = [];
        public short Type { get; init; }
        public long StartNs { get; init; }
        public long? DurationNs { get; init; }
        public string? Service { get; init; }
        public string? Instance { get; init; }
        public string? Node { get; init; }
    }
}
