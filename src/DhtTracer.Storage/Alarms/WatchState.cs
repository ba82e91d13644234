using System.Buffers.Binary;
using System.Collections.Immutable;
using DhtTracer.Analysis.Alarms;

namespace DhtTracer.Storage.Alarms;

/// <summary>An hour that was watched.</summary>
/// <param name="StartUnixNano">Its start, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="PValues">P-values of the figures that were tested.</param>
public sealed record WatchedHour(ulong StartUnixNano, ImmutableArray<double> PValues)
{
    /// <summary>How long watched hours are kept, in nanoseconds: longer than any of them is looked at.</summary>
    internal const long KeptNs = 9 * 24 * 3_600_000_000_000L;

    /// <summary>How long alarms are kept after their end.</summary>
    internal const long AlarmsKeptNs = 400 * 24 * 3_600_000_000_000L;

    /// <summary>The p-values as stored: eight bytes each, little endian.</summary>
    internal byte[] ToBytes()
    {
        var bytes = new byte[PValues.Length * sizeof(double)];
        for (var i = 0; i < PValues.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), PValues[i]);
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    internal static WatchedHour Of(long hour, byte[] bytes) =>
        new(
            (ulong)hour,
            [
                .. Enumerable
                    .Range(0, bytes.Length / sizeof(double))
                    .Select(i => BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)))),
            ]
        );
}

/// <summary>What the watch of hours left in the archive.</summary>
/// <param name="Hours">Hours that were watched, by start.</param>
/// <param name="Alarms">Open alarms, and those that ended in the time that was asked for.</param>
public sealed record WatchState(IReadOnlyList<WatchedHour> Hours, IReadOnlyList<Alarm> Alarms);

/// <summary>Selects alarms. Null means any.</summary>
public sealed record AlarmFilter
{
    /// <summary>The id of one.</summary>
    public string? Id { get; init; }

    /// <summary>Whether it lasts.</summary>
    public bool? IsOpen { get; init; }

    /// <summary>What it is about.</summary>
    public AlarmKind? Kind { get; init; }

    /// <summary>It ended at or after this time, or lasts. In nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>It began before this time.</summary>
    public ulong? ToUnixNano { get; init; }
}

/// <summary>A list of alarms.</summary>
/// <param name="Alarms">The alarms, latest beginning first.</param>
/// <param name="HasMore">Whether older ones were left out.</param>
public sealed record AlarmList(IReadOnlyList<Alarm> Alarms, bool HasMore);
