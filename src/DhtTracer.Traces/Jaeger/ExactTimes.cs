using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Json;
using Google.Protobuf.WellKnownTypes;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// What Jaeger's JSON v1 cannot say of a span's times: nanoseconds below a microsecond, and that it never ended. Beside Jaeger's own
/// members stand those of OTLP JSON, <c>"startTimeUnixNano":"…","endTimeUnixNano":"…"</c> of a span and <c>"timeUnixNano":"…"</c> of a log,
/// which readers of Jaeger pass over. They are believed only where they agree with Jaeger's to the microsecond.
/// </summary>
internal struct ExactTimes
{
    private ulong _start;
    private ulong? _end;

    /// <summary>Writes the members of a span whose times do not fit into whole microseconds.</summary>
    public static void Write(Utf8JsonWriter writer, Span span)
    {
        if (span.StartUnixNano % 1000 != 0 || span.EndUnixNano % 1000 != 0 || span.EndUnixNano == 0)
        {
            writer.WriteString("startTimeUnixNano"u8, span.StartUnixNano.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("endTimeUnixNano"u8, span.EndUnixNano.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Writes the member of a log whose time does not fit into whole microseconds.</summary>
    public static void Write(Utf8JsonWriter writer, Timestamp time)
    {
        if (time.Nanos % 1000 != 0)
        {
            writer.WriteString(
                "timeUnixNano"u8,
                (((Int128)time.Seconds * 1_000_000_000) + time.Nanos).ToString(CultureInfo.InvariantCulture)
            );
        }
    }

    /// <summary>Reads the member at the cursor if it is one of a span's.</summary>
    public bool TryRead(ref JsonCursor cursor)
    {
        if (cursor.Is("startTimeUnixNano"u8))
        {
            _start = Read(ref cursor, "startTimeUnixNano") ?? 0;
            return true;
        }

        if (cursor.Is("endTimeUnixNano"u8))
        {
            _end = Read(ref cursor, "endTimeUnixNano");
            return true;
        }

        return false;
    }

    /// <summary>The exact time of a log; null when the member says nothing.</summary>
    public static ulong? Read(ref JsonCursor cursor, string what) =>
        ulong.TryParse(cursor.GetText(what), NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : null;

    /// <summary>Puts the exact times into a span, if they agree with its own.</summary>
    /// <returns>Whether the span never ended.</returns>
    public readonly bool Apply(Proto.Span span)
    {
        var micros = span.Duration is { } duration ? (duration.Seconds * 1_000_000) + (duration.Nanos / 1000) : 0;
        if (_end is not { } exactEnd || span.StartTime is not { } startTime || !Agrees(startTime, _start))
        {
            return false;
        }

        var never = exactEnd == 0 && micros == 0;
        var nanos = (Int128)exactEnd - _start;
        if (!never && nanos / 1000 != micros)
        {
            return false;
        }

        span.StartTime = Time(_start);
        if (!never)
        {
            span.Duration = new Duration { Seconds = (long)(nanos / 1_000_000_000), Nanos = (int)(nanos % 1_000_000_000) };
        }

        return never;
    }

    /// <summary>A time in Jaeger's model.</summary>
    public static Timestamp Time(ulong unixNano) =>
        new() { Seconds = (long)(unixNano / 1_000_000_000), Nanos = (int)(unixNano % 1_000_000_000) };

    /// <summary>Whether a time is the same as an exact one, but for what is below a microsecond.</summary>
    public static bool Agrees(Timestamp time, ulong exact) => (Int128)time.Seconds * 1_000_000 + (time.Nanos / 1000) == exact / 1000;
}
