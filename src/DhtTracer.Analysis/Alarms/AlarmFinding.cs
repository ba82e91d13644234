using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Alarms;

/// <summary>What one hour says about one thing that is watched.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingState>))]
public enum FindingState
{
    /// <summary>Too few lookups to tell.</summary>
    [JsonStringEnumMemberName("too-few")]
    TooFew = 1,

    /// <summary>The figure is within what is allowed.</summary>
    [JsonStringEnumMemberName("fine")]
    Fine = 2,

    /// <summary>The figure is beyond it, but not surely: neither raises nor ends an alarm.</summary>
    [JsonStringEnumMemberName("unsure")]
    Unsure = 3,

    /// <summary>It is surely beyond what is allowed.</summary>
    [JsonStringEnumMemberName("alarm")]
    Alarm = 4,
}

/// <summary>What one hour says about one thing that is watched.</summary>
public sealed record AlarmFinding
{
    /// <summary>What is watched.</summary>
    public required AlarmKind Kind { get; init; }

    /// <summary>Of what: a type of operation, an agent family, the start of a key, a prefix, a record's key. Hostile text.</summary>
    public required string Subject { get; init; }

    /// <summary>What follows.</summary>
    public required FindingState State { get; init; }

    /// <summary>The figure of the hour: nanoseconds, a share from 0 to 1, or a number of times; null when unknown.</summary>
    public double? Figure { get; init; }

    /// <summary>The figure that was to be expected, in the same unit; null when unknown.</summary>
    public double? Expected { get; init; }

    /// <summary>Encloses the true change: a ratio for durations, a difference for shares; null when there is no interval.</summary>
    public DifferenceInterval? Interval { get; init; }

    /// <summary>P-value of a change beyond what is allowed, adjusted for all that was watched in a week; null when nothing was
    /// tested.</summary>
    public double? Adjusted { get; init; }

    /// <summary>What the figure rests on: operations, peers of a family, or keys.</summary>
    public int RestsOn { get; init; }

    /// <summary>What the expected figure rests on; 0 when nothing was compared.</summary>
    public int ExpectedRestsOn { get; init; }

    /// <summary>The hours that were compared with, by their starts in nanoseconds since 1970-01-01 UTC.</summary>
    [JsonIgnore]
    public ImmutableArray<ulong> Reference { get; init; } = [];

    /// <summary>A sentence, where the figures do not say all; else null. Hostile text.</summary>
    public string? Text { get; init; }

    /// <summary>Permalink of a query to look at; null for none.</summary>
    public string? Query { get; init; }
}
