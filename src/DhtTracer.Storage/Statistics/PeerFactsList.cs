using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage;

/// <summary>What queries had to do with peers.</summary>
/// <param name="Facts">One entry for each query and peer, latest query first.</param>
/// <param name="Queries">Queries that were read, those without an entry included.</param>
/// <param name="IsCut">There are more queries than were asked for; the older ones were not read.</param>
public sealed record PeerFactsList(IReadOnlyList<PeerFacts> Facts, int Queries, bool IsCut);
