using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Records;

/// <summary>
/// The life of one record over the operations that touched it: when it was published and to whom it was sent, who held it each time
/// somebody looked, and what follows from that. <c>docs/records.md</c> has the rules.
/// </summary>
public sealed record RecordLife
{
    /// <summary>The key.</summary>
    public required QueryKey Key { get; init; }

    /// <summary>What it holds.</summary>
    public required RecordKind Kind { get; init; }

    /// <summary>The time that ages are counted to, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong AsOfUnixNano { get; init; }

    /// <summary>The publications that the archive holds, by start. Seen.</summary>
    public ImmutableArray<RecordSighting> Publications { get; init; } = [];

    /// <summary>The lookups, by start. Seen.</summary>
    public ImmutableArray<RecordLookup> Lookups { get; init; } = [];

    /// <summary>What happened between two lookups, by time. Computed.</summary>
    public ImmutableArray<RecordChange> Changes { get; init; } = [];

    /// <summary>What somebody should look at, worst first.</summary>
    public ImmutableArray<RecordAlarm> Alarms { get; init; } = [];

    /// <summary>When the record runs out; null when unknown.</summary>
    public RecordEnd? RunsOut { get; init; }

    /// <summary>The record that lookups gave last; null when none did, and for other records than IPNS.</summary>
    public IpnsValue? Value { get; init; }

    /// <summary>True when the archive holds older operations that were not read.</summary>
    public bool HasOlder { get; init; }

    /// <summary>The latest lookup that counts holders; null without one.</summary>
    public RecordLookup? LastCounted => Lookups.LastOrDefault(static lookup => lookup.Counts);
}

/// <summary>What a record holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordKind>))]
public enum RecordKind
{
    /// <summary>Any other value.</summary>
    [JsonStringEnumMemberName("value")]
    Value = 0,

    /// <summary>Who provides a CID.</summary>
    [JsonStringEnumMemberName("provider")]
    Provider = 1,

    /// <summary>What an IPNS name points to.</summary>
    [JsonStringEnumMemberName("ipns")]
    Ipns = 2,

    /// <summary>A public key.</summary>
    [JsonStringEnumMemberName("public-key")]
    PublicKey = 3,
}

/// <summary>How sure a statement is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordCertainty>))]
public enum RecordCertainty
{
    /// <summary>A span shows it.</summary>
    [JsonStringEnumMemberName("seen")]
    Seen = 1,

    /// <summary>It follows from what spans show, by a rule of <c>docs/records.md</c>.</summary>
    [JsonStringEnumMemberName("computed")]
    Computed = 2,
}

/// <summary>When a record runs out.</summary>
/// <param name="UnixNano">In nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Certainty">Seen: the record says so. Computed: the last publication that was seen, plus the time that servers keep
/// it.</param>
public sealed record RecordEnd(ulong UnixNano, RecordCertainty Certainty);

/// <summary>A lookup of the record.</summary>
/// <param name="Sighting">What it showed.</param>
/// <param name="HoldersByLooker">
/// Holders that had it only from a looker's correction: they held it in no earlier lookup, and a looker had sent it to them before. Null
/// when the lookup does not count holders.
/// </param>
/// <param name="Corrections">Records that this lookup's node sent to peers until the next lookup.</param>
/// <param name="Expired">True when every value that it was given had ended before it began; null without a value with an end.</param>
public sealed record RecordLookup(RecordSighting Sighting, int? HoldersByLooker, int Corrections, bool? Expired)
{
    /// <summary>Whether its number of holders can be compared with others.</summary>
    public bool Counts => Sighting is { Complete: true, Answered: not null };
}

/// <summary>What happened between two lookups.</summary>
/// <param name="Kind">What.</param>
/// <param name="FromUnixNano">Start of the lookup before, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="ToUnixNano">Start of the lookup after.</param>
/// <param name="MovedNs">By how much the end of life moved; null for other changes.</param>
public sealed record RecordChange(RecordChangeKind Kind, ulong FromUnixNano, ulong ToUnixNano, long? MovedNs = null);

/// <summary>What can happen between two lookups.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordChangeKind>))]
public enum RecordChangeKind
{
    /// <summary>It was provided again: the number of holders rose.</summary>
    [JsonStringEnumMemberName("provided-again")]
    ProvidedAgain = 1,

    /// <summary>The same value got a later end of life.</summary>
    [JsonStringEnumMemberName("republished")]
    Republished = 2,

    /// <summary>The sequence number rose.</summary>
    [JsonStringEnumMemberName("new-value")]
    NewValue = 3,

    /// <summary>No server held it any more.</summary>
    [JsonStringEnumMemberName("gone")]
    Gone = 4,
}

/// <summary>Something about a record that somebody should look at.</summary>
/// <param name="Kind">What.</param>
/// <param name="Certainty">How sure.</param>
/// <param name="SinceUnixNano">Since when, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Text">A sentence with its numbers.</param>
public sealed record RecordAlarm(RecordAlarmKind Kind, RecordCertainty Certainty, ulong SinceUnixNano, string Text);

/// <summary>Kinds of alarms, the worst first.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordAlarmKind>))]
public enum RecordAlarmKind
{
    /// <summary>It was published or held before, and the latest lookup found no holder.</summary>
    [JsonStringEnumMemberName("gone")]
    Gone = 1,

    /// <summary>It was published once and never again, although the time to do so is over.</summary>
    [JsonStringEnumMemberName("published-once")]
    PublishedOnce = 2,

    /// <summary>Servers still give values that have ended.</summary>
    [JsonStringEnumMemberName("expired-but-served")]
    ExpiredButServed = 3,

    /// <summary>Every holder has it from a lookup, not from its publisher.</summary>
    [JsonStringEnumMemberName("kept-by-lookers")]
    KeptByLookers = 4,

    /// <summary>The latest lookup found one or two holders.</summary>
    [JsonStringEnumMemberName("few-holders")]
    FewHolders = 5,

    /// <summary>Between two publications it had run out.</summary>
    [JsonStringEnumMemberName("gap")]
    Gap = 6,
}
