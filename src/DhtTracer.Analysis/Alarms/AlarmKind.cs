using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Alarms;

/// <summary>What an alarm is about. Definitions: <c>docs/alarms.md</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlarmKind>))]
public enum AlarmKind
{
    /// <summary>The median duration of a type of operation is longer than at the same hour of the week before.</summary>
    [JsonStringEnumMemberName("duration-p50")]
    DurationP50 = 1,

    /// <summary>The 90th percentile of the duration is longer.</summary>
    [JsonStringEnumMemberName("duration-p90")]
    DurationP90 = 2,

    /// <summary>Fewer operations of a type succeed.</summary>
    [JsonStringEnumMemberName("success-share")]
    Success = 3,

    /// <summary>More peers of an agent family cannot be dialed.</summary>
    [JsonStringEnumMemberName("dial-failures")]
    DialFailures = 4,

    /// <summary>More peers of an agent family are connected and then do not speak the DHT's protocol.</summary>
    [JsonStringEnumMemberName("no-dht")]
    NoDht = 5,

    /// <summary>Dials of or requests to more peers of an agent family time out.</summary>
    [JsonStringEnumMemberName("timeouts")]
    Timeouts = 6,

    /// <summary>Somebody may surround a key (eclipse test).</summary>
    [JsonStringEnumMemberName("eclipse")]
    Eclipse = 7,

    /// <summary>A part of the key space is denser than chance allows.</summary>
    [JsonStringEnumMemberName("density")]
    Density = 8,

    /// <summary>A record is gone, is about to be, or is kept in a wrong way.</summary>
    [JsonStringEnumMemberName("record")]
    Record = 9,
}

/// <summary>Facts about the kinds.</summary>
public static class AlarmKinds
{
    /// <summary>Whether an hour is compared with the same hours of the week before; else a condition holds or does not.</summary>
    public static bool IsCompared(AlarmKind kind) => kind < AlarmKind.Eclipse;

    /// <summary>Whether the subject is a type of operation, so that two sets of operations can be compared.</summary>
    public static bool IsOfOperations(AlarmKind kind) => kind <= AlarmKind.Success;
}
