namespace DhtTracer.Ingestion.Analysis;

/// <summary>When traces are analysed.</summary>
public sealed record AnalysisOptions
{
    /// <summary>A trace is analysed when it has received nothing for this long, because its spans come in several batches.</summary>
    /// <value>The default is 3 seconds.</value>
    public TimeSpan QuietPeriod { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A trace that keeps receiving spans is analysed after this time, so that running queries are visible. The time doubles
    /// with each analysis of such a trace, up to <see cref="LongestWait"/>.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan FirstLook { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A trace that keeps receiving spans is analysed at least this often.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Maximum memory for spans that wait for analysis, in bytes. Above half of it, traces are analysed before they are quiet.
    /// What does not fit is read from the inbox later.</summary>
    /// <value>The default is 128 MiB.</value>
    public long MaxAssemblyBytes { get; init; } = 128L << 20;

    /// <summary>How often to look for spans stored by another process.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Wait after a database failure. It doubles with each further failure.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Maximum wait after a database failure.</summary>
    /// <value>The default is 30 seconds.</value>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <see cref="AnalysisWorker.DrainAsync"/> continues without progress while the database fails in a way that may
    /// pass, such as a lock or a full disk.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Maximum number of concurrent analyses.</summary>
    /// <value>The default is the number of processors.</value>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>Maximum number of traces saved in one transaction.</summary>
    /// <value>The default is 512.</value>
    public int BatchSize { get; init; } = 512;

    /// <summary>A transaction saves no further trace when its traces have this many new bytes. Acknowledgements wait for it.</summary>
    /// <value>The default is 2 MiB.</value>
    public long BatchBytes { get; init; } = 2L << 20;
}
