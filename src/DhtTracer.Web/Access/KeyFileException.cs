namespace DhtTracer.Web.Access;

/// <summary>The file of keys cannot be used. The message says why, and the remedy.</summary>
public sealed class KeyFileException(string message, Exception? cause = null) : IOException(message, cause);
