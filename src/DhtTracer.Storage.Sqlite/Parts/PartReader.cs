using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Parts;

/// <summary>Reads loose parts.</summary>
internal static class PartReader
{
    /// <summary>The thirteen columns of table <c>l</c> that <see cref="Read"/> needs.</summary>
    public const string Columns =
        "t.trace_id, l.span_id, l.type, l.key_bytes, p.id, s.value, i.value, n.id, l.start_ns, l.duration_ns, l.outcome, e.value, "
        + "l.error_text";

    /// <summary>The tables to join for these columns.</summary>
    public const string Joins =
        "JOIN trace t ON t.no = l.trace JOIN peer p ON p.no = l.peer LEFT JOIN text s ON s.no = l.service LEFT JOIN text i ON i.no "
        + "= l.instance "
        + "LEFT JOIN peer n ON n.no = l.node LEFT JOIN text e ON e.no = l.error_class";

    /// <summary>The parts linked to operations of a trace, by start.</summary>
    public static ImmutableArray<LoosePart> OfTrace(SqliteConnection connection, long trace) =>
        Select(
            connection,
            trace,
            $"SELECT {Columns} FROM dht_operation o JOIN loose_part l ON l.operation = o.no {Joins} WHERE o.trace = ?1 ORDER BY "
                + "l.start_ns, l.no"
        );

    // Without the plus sign, SQLite walks the index of all foreground operations instead of seeking those of the trace.
    internal static string UnclearAroundSql { get; } =
        $"""
            SELECT DISTINCT {Columns} FROM dht_operation o
            JOIN loose_part l ON l.key_bytes = o.key_bytes AND l.fits > 1
              AND l.start_ns BETWEEN o.start_ns AND o.start_ns + ifnull(o.duration_ns, 0) + {OperationParts.LatestAfterEndNs}
            {Joins} WHERE o.trace = ?1 AND +o.background = 0 ORDER BY l.start_ns
            """;

    /// <summary>The parts that fit several operations and match an operation of this trace by key and time, by start.</summary>
    public static ImmutableArray<LoosePart> UnclearAround(SqliteConnection connection, long trace) =>
        Select(connection, trace, UnclearAroundSql);

    private static ImmutableArray<LoosePart> Select(SqliteConnection connection, long trace, string sql)
    {
        using var select = new Statement(connection, sql);
        var parts = ImmutableArray.CreateBuilder<LoosePart>();
        select.Bind(1, trace);
        while (select.Step())
        {
            parts.Add(Read(select, 0));
        }

        return parts.ToImmutable();
    }

    /// <summary>Reads the part of the current row, whose columns start at <paramref name="first"/>.</summary>
    public static LoosePart Read(Statement row, int first)
    {
        string? Text(int column) => row.IsNull(first + column) ? null : NumberedStrings.Text(row, first + column);
        return new LoosePart
        {
            Id = new QueryId(TraceId.FromBytes(row.GetBlob(first)), SpanId.FromBytes(row.GetBlob(first + 1))),
            Type = (MessageType)row.GetInt64(first + 2),
            KeyBytes = Convert.ToHexStringLower(row.GetBlob(first + 3)),
            Peer = PeerTable.Read(row, first + 4),
            Service = Text(5),
            Instance = Text(6),
            Node = row.IsNull(first + 7) ? null : PeerTable.Read(row, first + 7),
            StartUnixNano = (ulong)row.GetInt64(first + 8),
            DurationNs = row.IsNull(first + 9) ? null : row.GetInt64(first + 9),
            Outcome = (RequestOutcome)row.GetInt64(first + 10),
            Error = Text(11) is { } error ? new TraceError(error, Text(12)) : null,
        };
    }
}
