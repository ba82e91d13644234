using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Alarms;

/// <summary>Why an alarm ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlarmEnd>))]
public enum AlarmEnd
{
    /// <summary>The figure was within what is allowed for some hours.</summary>
    [JsonStringEnumMemberName("fine")]
    Fine = 1,

    /// <summary>For a day there were too few lookups to tell.</summary>
    [JsonStringEnumMemberName("too-few")]
    TooFew = 2,
}

/// <summary>Something that got worse, from when it was first seen until it was over.</summary>
public sealed record Alarm
{
    /// <summary>Its id: 16 hex digits, made of kind, subject and beginning.</summary>
    public required string Id { get; init; }

    /// <summary>What it is about.</summary>
    public required AlarmKind Kind { get; init; }

    /// <summary>Of what. Hostile text.</summary>
    public required string Subject { get; init; }

    /// <summary>Start of the hour that raised it, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong SinceUnixNano { get; init; }

    /// <summary>Start of the first hour that was fine again; null while it is open.</summary>
    public ulong? UntilUnixNano { get; init; }

    /// <summary>Why it ended; null while it is open.</summary>
    public AlarmEnd? End { get; init; }

    /// <summary>What the hour that raised it said.</summary>
    public required AlarmFinding Raised { get; init; }

    /// <summary>What the latest watched hour said; null as long as that is the hour that raised it.</summary>
    public AlarmFinding? Latest { get; init; }

    /// <summary>The hours that the raising hour was compared with, as starts in nanoseconds since 1970-01-01 UTC.</summary>
    public ImmutableArray<ulong> Reference { get; init; } = [];

    /// <summary>Latest hours in a row that were fine.</summary>
    public int FineHours { get; init; }

    /// <summary>Latest hours in a row with too few lookups to tell.</summary>
    public int TooFewHours { get; init; }

    /// <summary>Whether it lasts.</summary>
    [JsonIgnore]
    public bool IsOpen => UntilUnixNano is null;

    /// <summary>An alarm that an hour raises.</summary>
    /// <param name="finding">What the hour says.</param>
    /// <param name="hour">Its start, in nanoseconds since 1970-01-01 UTC.</param>
    public static Alarm Of(AlarmFinding finding, ulong hour)
    {
        var name = FormattableString.Invariant($"{Words.Of(finding.Kind)}\n{finding.Subject}\n{hour}");
        return new Alarm
        {
            Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)),
            Kind = finding.Kind,
            Subject = finding.Subject,
            SinceUnixNano = hour,
            Raised = finding,
            Reference = finding.Reference,
        };
    }
}
