using Google.Protobuf.WellKnownTypes;

namespace DhtTracer.FakeJaeger;

/// <summary>Nanoseconds since 1970-01-01 UTC, and protobuf's forms of them.</summary>
public static class JaegerTime
{
    private const long Second = 1_000_000_000;

    public static Timestamp Timestamp(long unixNano) => new() { Seconds = Math.DivRem(unixNano, Second, out var rest), Nanos = (int)rest };

    public static Duration Duration(long nanoseconds) =>
        new() { Seconds = Math.DivRem(nanoseconds, Second, out var rest), Nanos = (int)rest };

    public static long UnixNano(Timestamp time) => (time.Seconds * Second) + time.Nanos;

    public static long Nanoseconds(Duration duration) => (duration.Seconds * Second) + duration.Nanos;

    public static long UnixNano(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
