using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Statistics;

/// <summary>What the queries of operations did with peers.</summary>
/// <param name="Facts">One entry per query and peer, the latest operation first.</param>
/// <param name="Operations">Number of operations read, including those without an entry.</param>
public sealed record PeerFactsList(IReadOnlyList<PeerFacts> Facts, int Operations);
