namespace DhtTracer.Storage;

/// <summary>How often spans of one service are children of spans of another.</summary>
/// <param name="Parent"><c>service.name</c> of the parent spans; empty when their resource does not tell it.</param>
/// <param name="Child"><c>service.name</c> of the child spans, which may be the same service.</param>
/// <param name="Calls">Child spans, at least 1.</param>
public sealed record ServiceDependency(string Parent, string Child, long Calls);
