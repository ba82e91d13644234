using System.Collections.Immutable;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Storage.Records;

/// <summary>What the archive holds of one record.</summary>
/// <param name="Sightings">What operations show of it, latest first.</param>
/// <param name="Corrections">What looking nodes sent, latest first.</param>
/// <param name="HasOlder">Whether there are older ones of either.</param>
public sealed record RecordSightings(ImmutableArray<RecordSighting> Sightings, ImmutableArray<RecordCorrection> Corrections, bool HasOlder)
{
    /// <summary>The latest of what was read.</summary>
    /// <param name="sightings">Latest first; one more than the limit when there are older ones.</param>
    /// <param name="corrections">Latest first; one more than the limit when there are older ones.</param>
    /// <param name="limit">How many of each are kept.</param>
    public static RecordSightings Of(IReadOnlyList<RecordSighting> sightings, IReadOnlyList<RecordCorrection> corrections, int limit) =>
        new([.. sightings.Take(limit)], [.. corrections.Take(limit)], sightings.Count > limit || corrections.Count > limit);
}
