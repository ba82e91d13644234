using DhtTracer.Analysis.Sweeps;

namespace DhtTracer.Storage.Sweeps;

/// <summary>Facts of a sweep.</summary>
/// <param name="Facts">The facts, latest first.</param>
/// <param name="HasOlder">Whether there are older ones in the asked time that were left out.</param>
public sealed record SweepFactList(IReadOnlyList<SweepFact> Facts, bool HasOlder);
