using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage;

/// <summary>What the queries of operations had to do with peers.</summary>
/// <param name="Facts">One entry for each query and peer, those of the latest operation first.</param>
/// <param name="Operations">Operations that were read, those without an entry included.</param>
/// <param name="IsCut">There are more operations than were asked for; the older ones were not read.</param>
public sealed record PeerFactsList(IReadOnlyList<PeerFacts> Facts, int Operations, bool IsCut);
