namespace DhtTracer.Output;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The command ran and failed: the message on standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line was wrong (System.CommandLine answers 1; ours answers 2, as other Unix tools do).</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C while something was left to do.</summary>
    public const int Interrupted = 130;
}
