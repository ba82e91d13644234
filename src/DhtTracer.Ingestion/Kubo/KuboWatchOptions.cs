namespace DhtTracer.Ingestion.Kubo;

/// <summary>How a Kubo is watched.</summary>
public sealed record KuboWatchOptions
{
    /// <summary>
    /// Level of the logger <c>dht/provider</c> while it is watched: <c>info</c>, or <c>debug</c> for what each region sent.
    /// </summary>
    public string Level { get; init; } = "info";

    /// <summary>
    /// Whether the loggers that tell what became of requests for blocks are at level <c>debug</c> while it is watched. A busy gateway
    /// writes much there.
    /// </summary>
    public bool Blocks { get; init; }

    /// <summary>Time between two questions for statistics.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time before the first attempt to reconnect; it doubles up to thirty times this.</summary>
    /// <value>1 second.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told what happens, a sentence each.</summary>
    public Action<string> Tell { get; init; } = static _ => { };
}

/// <summary>What a watch has seen.</summary>
/// <param name="Lines">Lines of the sweep and of requests for blocks.</param>
/// <param name="Statistics">Answers to <c>provide/stat</c> and <c>stats/dht</c> that said something new.</param>
/// <param name="Lost">Spans that could not be sent before the end.</param>
public sealed record KuboWatchSummary(int Lines, int Statistics, int Lost);
