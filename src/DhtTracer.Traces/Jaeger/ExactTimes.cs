using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using Google.Protobuf.WellKnownTypes;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Adds to Jaeger's JSON v1 what it cannot express: nanoseconds below a microsecond, and that a span never ended. It uses members of OTLP
/// JSON, which readers of Jaeger ignore: <c>"startTimeUnixNano":"…","endTimeUnixNano":"…"</c> on a span and <c>"timeUnixNano":"…"</c> on a
/// log. They are used only if they agree with Jaeger's own times to the microsecond.
/// </summary>
internal struct ExactTimes
{
    private ulong _start;
    private ulong? _end;

    /// <summary>Writes the members of a span whose times are not whole microseconds.</summary>
    public static void Write(Utf8JsonWriter writer, Span span)
    {
        if (span.StartUnixNano % 1000 != 0 || span.EndUnixNano % 1000 != 0 || span.EndUnixNano == 0)
        {
            writer.WriteString("startTimeUnixNano"u8, span.StartUnixNano.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("endTimeUnixNano"u8, span.EndUnixNano.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Writes the member of a log whose time is not a whole microsecond.</summary>
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

    /// <summary>Reads the member at the cursor if it is an exact time of a span.</summary>
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

    /// <summary>Reads the exact time of a log; null if the member holds none.</summary>
    public static ulong? Read(ref JsonCursor cursor, string what) =>
        ulong.TryParse(cursor.GetText(what), NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : null;

    /// <summary>Applies the exact times to a span if they agree with its own.</summary>
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

    /// <summary>Converts a time to Jaeger's model.</summary>
    public static Timestamp Time(ulong unixNano) =>
        new() { Seconds = (long)(unixNano / 1_000_000_000), Nanos = (int)(unixNano % 1_000_000_000) };

    /// <summary>Whether both times are equal down to the microsecond.</summary>
    public static bool Agrees(Timestamp time, ulong exact) => (Int128)time.Seconds * 1_000_000 + (time.Nanos / 1000) == exact / 1000;
}
