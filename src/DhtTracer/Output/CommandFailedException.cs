namespace DhtTracer.Output;

/// <summary>A failure whose message is for the user as it is: what went wrong, where, and what to do.</summary>
internal sealed class CommandFailedException(string message, int exitCode = ExitCode.Failure, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>Exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
