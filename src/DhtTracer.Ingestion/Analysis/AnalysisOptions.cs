namespace DhtTracer.Ingestion.Analysis;

/// <summary>When traces are analysed.</summary>
public sealed record AnalysisOptions
{
    /// <summary>A trace is analysed when nothing has been added to it for this long: its spans come in several batches.</summary>
    /// <value>The default is 200 ms.</value>
    public TimeSpan QuietPeriod { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A trace to which spans are added all the time is analysed at least this often, so that a running query is seen.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often to look for spans that another process stored.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait after the database failed.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Analyses that run at once.</summary>
    /// <value>The default is the number of processors.</value>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>Traces saved in one transaction at most.</summary>
    /// <value>The default is 64.</value>
    public int BatchSize { get; init; } = 64;
}
