namespace DhtTracer.Jaeger.Pull;

/// <summary>Why a Jaeger did not answer a question.</summary>
public enum JaegerReadProblem
{
    /// <summary>Nobody answers, the connection broke, or the server failed: try again later.</summary>
    Unavailable = 0,

    /// <summary>The answer was too large or too slow: ask for less.</summary>
    AnswerTooLarge = 1,

    /// <summary>The server takes no search of this depth.</summary>
    DepthRefused = 2,

    /// <summary>The server says no: credentials, permission, or a request that it does not take.</summary>
    Refused = 3,

    /// <summary>Nothing at this address speaks this protocol.</summary>
    NotSpoken = 4,
}

/// <summary>A Jaeger did not answer, or not in full.</summary>
/// <param name="problem">What to make of it.</param>
/// <param name="message">Where and what; from a remote server, hostile text.</param>
/// <param name="innerException">The cause, if there is one.</param>
public sealed class JaegerReadException(JaegerReadProblem problem, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What to make of it.</summary>
    public JaegerReadProblem Problem { get; } = problem;
}
