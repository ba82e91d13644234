using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Web.Api;

// The shape of what RecordLifeJson writes, for the OpenAPI document.

/// <summary>The life of a record.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="AsOfUnixNano">Start of the latest operation of any record: the time that ages are counted to.</param>
/// <param name="Value">The record that lookups gave last; null when none did, and for other records than IPNS.</param>
/// <param name="RunsOut">When it runs out; null when unknown.</param>
/// <param name="HasOlder">Whether the archive holds older operations that were not read.</param>
/// <param name="Alarms">What somebody should look at, worst first.</param>
/// <param name="Publications">By start.</param>
/// <param name="Lookups">By start.</param>
/// <param name="Changes">What happened between lookups, by time.</param>
internal sealed record RecordAnswer(
    QueryKey? Key,
    RecordKind Kind,
    ulong AsOfUnixNano,
    IpnsValue? Value,
    RecordEnd? RunsOut,
    bool HasOlder,
    ImmutableArray<RecordAlarm> Alarms,
    ImmutableArray<PublicationAnswer> Publications,
    ImmutableArray<LookupAnswer> Lookups,
    ImmutableArray<ChangeAnswer> Changes
);

/// <summary>What every operation of a record has.</summary>
internal record RecordOperationAnswer
{
    /// <summary>The operation.</summary>
    public required QueryId OperationId { get; init; }

    /// <summary>Its start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Its duration in nanoseconds; null when the end is unknown.</summary>
    public required long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome? Outcome { get; init; }

    /// <summary>Peer id of the node; null when unknown.</summary>
    public required string? Node { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public required string? Service { get; init; }

    /// <summary>Whether the node did it by itself.</summary>
    public required bool Background { get; init; }
}

/// <summary>A publication.</summary>
internal sealed record PublicationAnswer : RecordOperationAnswer
{
    /// <summary>The peers that the record was sent to; nobody knows whether they stored it.</summary>
    public required ImmutableArray<string> SentTo { get; init; }
}

/// <summary>A lookup.</summary>
internal sealed record LookupAnswer : RecordOperationAnswer
{
    /// <summary>Peers whose answer tells whether they hold it; null when the trace does not show it.</summary>
    public required int? Answered { get; init; }

    /// <summary>Peers whose answer held it.</summary>
    public required ImmutableArray<string> Holders { get; init; }

    /// <summary>False when it stopped at a quorum or was cut off, so its holders are too few.</summary>
    public required bool Complete { get; init; }

    /// <summary>Holders that have it only from a node that looked it up; null when the lookup does not count holders.</summary>
    public required int? HoldersByLooker { get; init; }

    /// <summary>Records that its node sent to peers until the next lookup.</summary>
    public required int Corrections { get; init; }

    /// <summary>Whether every value had ended before it began; null without a value with an end.</summary>
    public required bool? Expired { get; init; }

    /// <summary>The distinct IPNS values, the best first.</summary>
    public required ImmutableArray<SeenValue> Values { get; init; }
}

/// <summary>What happened between two lookups.</summary>
/// <param name="Kind">What.</param>
/// <param name="Certainty">How sure.</param>
/// <param name="FromUnixNano">Start of the lookup before.</param>
/// <param name="ToUnixNano">Start of the lookup after.</param>
/// <param name="MovedNs">By how much the end of life moved; null for other changes.</param>
internal sealed record ChangeAnswer(RecordChangeKind Kind, RecordCertainty Certainty, ulong FromUnixNano, ulong ToUnixNano, long? MovedNs);

/// <summary>Records that were touched or published last.</summary>
/// <param name="Records">The one touched last first.</param>
internal sealed record RecordsAnswer(ImmutableArray<RecordLine> Records);

/// <summary>A record in a list.</summary>
/// <param name="Key">Text of its key.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Alarms">What somebody should look at, worst first.</param>
/// <param name="Publications">Publications that were read: the latest 25 operations of the record at most.</param>
/// <param name="Lookups">Lookups that were read.</param>
/// <param name="Holders">Holders found by the latest lookup that counts them; null without one.</param>
/// <param name="RunsOut">When it runs out; null when unknown.</param>
internal sealed record RecordLine(
    string Key,
    RecordKind Kind,
    ImmutableArray<RecordAlarm> Alarms,
    int Publications,
    int Lookups,
    int? Holders,
    RecordEnd? RunsOut
)
{
    /// <summary>A record as a line.</summary>
    public static RecordLine Of(RecordLife life) =>
        new(
            life.Key.Text,
            life.Kind,
            life.Alarms,
            life.Publications.Length,
            life.Lookups.Length,
            life.LastCounted?.Sighting.Holders.Length,
            life.RunsOut
        );
}
