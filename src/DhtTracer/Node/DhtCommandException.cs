namespace DhtTracer.Node;

/// <summary>A command is invalid, or its argument cannot be read. The message is for the user.</summary>
internal sealed class DhtCommandException(string message) : Exception(message);
