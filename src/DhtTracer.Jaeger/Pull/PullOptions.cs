namespace DhtTracer.Jaeger.Pull;

/// <summary>What to take out of one Jaeger, and how.</summary>
public sealed record PullOptions
{
    /// <summary>Services that are Jaeger itself: it traces its own queries, so a puller of all services would pull the echo of its
    /// polling.</summary>
    public static IReadOnlySet<string> JaegerItself { get; } =
        new HashSet<string>(StringComparer.Ordinal) { "jaeger", "jaeger-all-in-one", "jaeger-query" };

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(100);

    /// <summary><c>jaeger://host[:16685]</c> or <c>http[s]://host[:16686]</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Services to take; empty takes all but <see cref="JaegerItself"/>, new ones included as they appear.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>How far back to begin, where no checkpoint says that everything since is taken.</summary>
    /// <value>24 hours.</value>
    public TimeSpan Since { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Goes on with new traces until cancelled.</summary>
    public bool Follow { get; init; }

    /// <summary>Traces asked for at once, at least 1. Fewer than this in an answer means that the answer is whole.</summary>
    /// <value>200: small enough that a window's spans fit in memory, below every server's own limit.</value>
    public int Depth { get; init; } = 200;

    /// <summary>The transport.</summary>
    public PullTransport Transport { get; init; }

    /// <summary>
    /// How long spans may come late: a stretch of time is read again until it lies this far back. The root of a long operation is exported
    /// when it ends, but its own children, started later, still lead to it.
    /// </summary>
    /// <value>10 minutes.</value>
    public TimeSpan SettleAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Pause between looks for new traces while following, at least 100 ms.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Services read at once, at least 1.</summary>
    /// <value>4.</value>
    public int Parallelism { get; init; } = 4;

    /// <summary>How long one search may take before it is tried again with half the window.</summary>
    /// <value>60 seconds.</value>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest gRPC message or HTTP body taken, in bytes. Jaeger puts ten spans into a message, whatever their size.</summary>
    /// <value>256 MiB.</value>
    public int MaxMessageBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>How long failures in a row are tried again before the pull fails; null for ever, as a background worker does.</summary>
    /// <value>Null.</value>
    public TimeSpan? GiveUpAfter { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public void Validate()
    {
        _ = JaegerAddress.Parse(Source);
        Positive(Depth, nameof(Depth));
        Positive(Parallelism, nameof(Parallelism));
        Positive(MaxMessageBytes, nameof(MaxMessageBytes));
        Positive(Since.Ticks, nameof(Since));
        Positive(SettleAfter.Ticks, nameof(SettleAfter));
        Positive(PollInterval.Ticks / ShortestPoll.Ticks, nameof(PollInterval), $"at least {ShortestPoll.TotalMilliseconds} ms");
        Positive(RequestTimeout.Ticks, nameof(RequestTimeout));
    }

    private static void Positive(long value, string option, string needed = "positive")
    {
        if (value <= 0)
        {
            throw new ArgumentException($"{option} must be {needed}", option);
        }
    }
}
