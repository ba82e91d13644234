namespace DhtTracer.Web.Search;

/// <summary>How much a page of statistics reads at most, so that its time does not grow with the archive. Pages say when they are cut.</summary>
internal static class StatisticsScope
{
    /// <summary>Queries in one set.</summary>
    public const int MostQueries = 200_000;

    /// <summary>Queries of which every peer is read.</summary>
    public const int MostQueriesOfPeers = 5_000;

    /// <summary>Queries in which one peer is looked for: most of what each holds is passed over.</summary>
    public const int MostQueriesOfOnePeer = 20_000;
}
