namespace DhtTracer.Jaeger.Pull;

/// <summary>How far a pull is, all services together.</summary>
/// <param name="Services">Services known so far.</param>
/// <param name="Windows">Windows read.</param>
/// <param name="WindowsBisected">Windows that were cut in half.</param>
/// <param name="Traces">Traces stored.</param>
/// <param name="Spans">Spans stored.</param>
/// <param name="Duplicates">Spans that came again and were not stored again.</param>
/// <param name="Retries">Failures that were tried again.</param>
/// <param name="Fraction">Share of the time to read that is read, 0 to 1.</param>
/// <param name="Elapsed">Time since the pull began.</param>
public sealed record PullProgress(
    int Services,
    long Windows,
    long WindowsBisected,
    long Traces,
    long Spans,
    long Duplicates,
    long Retries,
    double Fraction,
    TimeSpan Elapsed
)
{
    /// <summary>Spans that came over the wire, those thrown away included.</summary>
    public long Moved { get; init; }

    /// <summary>Of these, spans of time that was read before, to find what came late.</summary>
    public long Reread { get; init; }

    /// <summary>Stretches of time that the Jaeger cannot read now.</summary>
    public int Gaps { get; init; }

    /// <summary>What fails just now and is tried again, from a remote server and so hostile text; null while all goes well.</summary>
    public string? Problem { get; init; }

    /// <summary>Spans stored per second; 0 at the very beginning.</summary>
    public double SpansPerSecond => Elapsed > TimeSpan.Zero ? Spans / Elapsed.TotalSeconds : 0;

    /// <summary>Time left at the pace so far; null while there is none to go by.</summary>
    public TimeSpan? Left => Fraction is > 0.001 and <= 1 ? Elapsed * ((1 - Fraction) / Fraction) : null;
}
