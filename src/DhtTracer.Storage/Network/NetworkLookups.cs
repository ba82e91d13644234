using DhtTracer.Analysis.Network;

namespace DhtTracer.Storage.Network;

/// <summary>What the latest lookups of a set show of the network.</summary>
/// <param name="Tally">Their sums.</param>
/// <param name="HasOlder">Whether the set has older lookups that were not read.</param>
public sealed record NetworkLookups(NetworkTally Tally, bool HasOlder)
{
    /// <summary>Operations that pages read at most: at 1,000,000 operations, more would take longer than a second.</summary>
    public const int MostOperations = 20_000;

    /// <summary>The figures.</summary>
    public NetworkReport ToReport() => Tally.ToReport(HasOlder);
}
