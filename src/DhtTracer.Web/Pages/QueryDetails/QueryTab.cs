namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The parts of a query's page.</summary>
internal enum QueryTab
{
    /// <summary>A row per peer.</summary>
    Waterfall = 0,

    /// <summary>Critical path, blame and what-if.</summary>
    Why = 1,

    /// <summary>Best distance by time and by hops.</summary>
    Convergence = 2,

    /// <summary>Dials and requests in flight.</summary>
    Concurrency = 3,

    /// <summary>Who named whom.</summary>
    Path = 4,

    /// <summary>The spans as they were sent.</summary>
    Spans = 5,
}
