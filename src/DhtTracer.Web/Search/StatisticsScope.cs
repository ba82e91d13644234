namespace DhtTracer.Web.Search;

/// <summary>How much a page of statistics reads at most, so that its time does not grow with the archive. Pages say when they are
/// cut.</summary>
internal static class StatisticsScope
{
    /// <summary>Operations of which every peer is read.</summary>
    public const int MostOperationsOfPeers = 5_000;

    /// <summary>Greatest number of operations in which one peer is searched: reading them skips the other peers.</summary>
    public const int MostOperationsOfOnePeer = 20_000;
}
