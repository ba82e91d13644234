namespace DhtTracer.Output;

/// <summary>A failure whose message is shown to the user unchanged: what went wrong, where, and the remedy.</summary>
internal sealed class CommandFailedException(string message, int exitCode = ExitCode.Failure, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>Exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
