using System.Collections.Immutable;
using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Parts;

/// <summary>Reads loose parts.</summary>
internal static class PartReader
{
    /// <summary>The columns of table <c>l</c> that a <see cref="PartRow"/> needs.</summary>
    public const string Columns =
        "l.no AS No, l.operation AS Operation, l.fits AS Fits, t.trace_id AS TraceId, l.span_id AS SpanId, l.type AS Type, l.key_bytes AS "
        + "KeyBytes, p.id AS Peer, s.value AS Service, i.value AS Instance, n.id AS Node, l.start_ns AS StartNs, "
        + "l.duration_ns AS DurationNs, "
        + "l.outcome AS Outcome, e.value AS ErrorClass, l.error_text AS ErrorText";

    /// <summary>The tables to join for these columns.</summary>
    public const string Joins =
        "JOIN trace t ON t.hash = l.hash AND t.no = l.trace JOIN peer p ON p.no = l.peer LEFT JOIN text s ON s.no = l.service "
        + "LEFT JOIN text i ON i.no = l.instance LEFT JOIN peer n ON n.no = l.node LEFT JOIN text e ON e.no = l.error_class";

    /// <summary>The parts linked to operations of a trace, by start.</summary>
    public static ImmutableArray<LoosePart> OfTrace(NpgsqlConnection connection, long trace) =>
        [
            .. connection
                .Query<PartRow>(
                    $"SELECT {Columns} FROM dht_operation o JOIN loose_part l ON l.operation = o.no {Joins} WHERE o.trace = @trace "
                        + "ORDER BY l.start_ns, l.no",
                    new { trace }
                )
                .Select(static row => row.ToPart()),
        ];

    /// <summary>The parts that fit several operations and match an operation of this trace by key and time, by start.</summary>
    public static ImmutableArray<LoosePart> UnclearAround(NpgsqlConnection connection, long trace) =>
        [
            .. connection
                .Query<PartRow>(
                    $"""
                    SELECT {Columns} FROM loose_part l {Joins}
                    WHERE l.fits > 1 AND EXISTS (
                      SELECT 1 FROM dht_operation o WHERE o.trace = @trace AND o.background = 0 AND o.key_digest = l.key_digest
                        AND l.start_ns BETWEEN o.start_ns AND o.start_ns + coalesce(o.duration_ns, 0) + {OperationParts.LatestAfterEndNs})
                    ORDER BY l.start_ns, l.no
                    """,
                    new { trace }
                )
                .Select(static row => row.ToPart()),
        ];
}

/// <summary>A loose part joined with its strings, as Dapper fills it.</summary>
internal sealed class PartRow
{
    public long No { get; init; }
    public long? Operation { get; init; }
    public int Fits { get; init; }
    public byte[] TraceId { get; init; } = [];
    public byte[] SpanId { get; init; } = [];
    public short Type { get; init; }
    public byte[] KeyBytes { get; init; } = [];
    public string Peer { get; init; } = "";
    public string? Service { get; init; }
    public string? Instance { get; init; }
    public string? Node { get; init; }
    public long StartNs { get; init; }
    public long? DurationNs { get; init; }
    public short Outcome { get; init; }
    public string? ErrorClass { get; init; }
    public string? ErrorText { get; init; }

    public LoosePart ToPart() =>
        new()
        {
            Id = new QueryId(DhtTracer.Traces.Model.TraceId.FromBytes(TraceId), DhtTracer.Traces.Model.SpanId.FromBytes(SpanId)),
            Type = (MessageType)Type,
            KeyBytes = Convert.ToHexStringLower(KeyBytes),
            Peer = Peer,
            Service = Service,
            Instance = Instance,
            Node = Node,
            StartUnixNano = (ulong)StartNs,
            DurationNs = DurationNs,
            Outcome = (RequestOutcome)Outcome,
            Error = ErrorClass is { } error ? new TraceError(error, ErrorText) : null,
        };
}
