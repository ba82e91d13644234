using Google.Protobuf.WellKnownTypes;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>Times and durations of gRPC requests.</summary>
internal static class GrpcTimes
{
    /// <summary>Nanoseconds since 1970-01-01 UTC; null when absent. Present but empty means 1970, as it does in Jaeger.</summary>
    public static ulong? UnixNano(Timestamp? time) =>
        time switch
        {
            null => null,
            { Seconds: < 0 } => 0,
            { Seconds: > 18_000_000_000 } => ulong.MaxValue,
            _ => ((ulong)time.Seconds * 1_000_000_000) + (ulong)Math.Clamp(time.Nanos, 0, 999_999_999),
        };

    /// <summary>Nanoseconds; null when absent or empty, which is what clients send that mean none.</summary>
    public static long? Nanoseconds(Duration? duration) =>
        duration is null or { Seconds: 0, Nanos: 0 }
            ? null
            : (long)Int128.Clamp(((Int128)duration.Seconds * 1_000_000_000) + duration.Nanos, 0, long.MaxValue);
}
