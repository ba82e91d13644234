namespace DhtTracer.Jaeger.Pull;

/// <summary>What to take out of one Jaeger, and how.</summary>
public sealed record PullOptions
{
    /// <summary>Services that are Jaeger itself: it traces its own queries, so a puller of all services would pull the echo of its
    /// polling.</summary>
    public static IReadOnlySet<string> JaegerItself { get; } =
        new HashSet<string>(StringComparer.Ordinal) { "jaeger", "jaeger-all-in-one", "jaeger-query" };

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(100);

    /// <summary><c>jaeger[s]://host[:16685][/path]</c> or <c>http[s]://host[:16686][/path]</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Services to take; empty takes all but <see cref="JaegerItself"/>, new ones included as they appear.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>How far back to begin, where no checkpoint says that everything since is taken.</summary>
    /// <value>24 hours.</value>
    public TimeSpan Since { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Goes on with new traces until cancelled.</summary>
    public bool Follow { get; init; }

    /// <summary>Traces asked for at once, at least 1. Fewer than this in an answer means that the answer is whole.</summary>
    /// <value>1000: a server that walks its whole memory for each search is asked seldom; spans are stored as they come, so memory does
    /// not grow with it. It is lowered where a server takes less.</value>
    public int Depth { get; init; } = 1000;

    public PullTransport Transport { get; init; }

    /// <summary>
    /// How long after their start spans may arrive at the Jaeger and still be pulled: each stretch of time is read again, at growing
    /// intervals, until it lies this far back.
    /// </summary>
    /// <value>Null: as far back as <see cref="Since"/>.</value>
    public TimeSpan? Late { get; init; }

    /// <summary><see cref="Late"/>, or what stands for it.</summary>
    internal TimeSpan Settle => Late ?? Since;

    /// <summary>Certificates and credentials.</summary>
    public JaegerAccess Access { get; init; } = new();

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
        Access.Validate();
        Positive(Depth, nameof(Depth));
        Positive(Parallelism, nameof(Parallelism));
        Positive(MaxMessageBytes, nameof(MaxMessageBytes));
        Positive(Since.Ticks, nameof(Since));
        Positive(Settle.Ticks, nameof(Late));
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
