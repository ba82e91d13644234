using System.Collections.Immutable;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Storage.Records;

/// <summary>What the archive holds of one record.</summary>
/// <param name="Sightings">What operations show of it, latest first.</param>
/// <param name="Corrections">What looking nodes sent, latest first.</param>
/// <param name="HasOlder">Whether there are older ones of either.</param>
public sealed record RecordSightings(ImmutableArray<RecordSighting> Sightings, ImmutableArray<RecordCorrection> Corrections, bool HasOlder);
