namespace DhtTracer.Storage.Services;

/// <summary>How often spans of one service have a parent in another.</summary>
/// <param name="Parent"><c>service.name</c> of the parent spans; empty if their resource has none.</param>
/// <param name="Child"><c>service.name</c> of the child spans; it may be the same service.</param>
/// <param name="Calls">Number of child spans, at least 1.</param>
public sealed record ServiceDependency(string Parent, string Child, long Calls);
