namespace DhtTracer.Node;

/// <summary>The node of this process, while it runs.</summary>
internal sealed class RunningNode
{
    private volatile TracedNode? _current;

    /// <summary>The node; null before it has started and after it has stopped.</summary>
    public TracedNode? Current => _current;

    /// <summary>Says that it runs, or with null that it does not.</summary>
    public void Set(TracedNode? node) => _current = node;
}
