namespace DhtTracer.Jaeger.Pull;

/// <summary>A pull that cannot go on. What was taken so far is stored, and the next pull continues after it.</summary>
/// <param name="message">Which Jaeger, what is wrong, and what to do.</param>
/// <param name="innerException">The cause.</param>
public sealed class PullException(string message, Exception innerException) : Exception(message, innerException);
