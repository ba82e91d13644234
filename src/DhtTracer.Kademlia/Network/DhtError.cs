namespace DhtTracer.Kademlia.Network;

/// <summary>Why a dial, a request or a query failed.</summary>
/// <param name="Class">One of <see cref="ErrorClass"/>.</param>
/// <param name="Text">The text of the layer that failed.</param>
public sealed record DhtError(string Class, string Text);
