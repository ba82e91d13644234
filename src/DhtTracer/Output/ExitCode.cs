namespace DhtTracer.Output;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command failed; the message on standard error gives the reason.</summary>
    public const int Failure = 1;

    /// <summary>The command line was invalid. System.CommandLine returns 1; this program returns 2, like other Unix tools.</summary>
    public const int Usage = 2;

    /// <summary>A file that was checked does not follow its format.</summary>
    public const int NotValid = 3;

    /// <summary>The operations of a gate are worse than allowed.</summary>
    public const int GateFailed = 4;

    /// <summary>A gate has too few operations to tell.</summary>
    public const int TooFewToTell = 5;

    /// <summary>Ctrl-C stopped it before its work was done.</summary>
    public const int Interrupted = 130;
}
