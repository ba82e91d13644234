using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Rows;

/// <summary>A trace that a write works on; its row is locked.</summary>
/// <param name="Hash">The distribution column.</param>
/// <param name="No">Its number.</param>
/// <param name="Id">Its id.</param>
/// <param name="Revision">Analyses saved before.</param>
/// <param name="DayBefore">The day of its rows before; it has some only if <paramref name="Revision"/> is above 0.</param>
/// <param name="SpansBefore">Distinct spans before.</param>
/// <param name="BytesBefore">Bytes as OTLP before.</param>
/// <param name="StoredBefore">Bytes of its rows before, estimated.</param>
internal sealed record TraceRow(
    int Hash,
    long No,
    TraceId Id,
    long Revision,
    DateOnly DayBefore,
    long SpansBefore,
    long BytesBefore,
    long StoredBefore
);
