namespace DhtTracer.Node;

/// <summary>Holds the node of this process while it runs.</summary>
internal sealed class RunningNode
{
    private volatile TracedNode? _current;

    /// <summary>The node; null before its start and after its stop.</summary>
    public TracedNode? Current => _current;

    /// <summary>Sets the running node, or null after it has stopped.</summary>
    public void Set(TracedNode? node) => _current = node;
}
