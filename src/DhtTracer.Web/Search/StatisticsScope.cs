namespace DhtTracer.Web.Search;

/// <summary>How much a page of statistics reads at most, so that its time does not grow with the archive. Pages say when they are cut.</summary>
internal static class StatisticsScope
{
    /// <summary>Queries in one set.</summary>
    public const int MostQueries = 200_000;

    /// <summary>Queries whose peers are read.</summary>
    public const int MostQueriesOfPeers = 5_000;
}
