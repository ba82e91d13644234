namespace DhtTracer.Storage.Sweeps;

/// <summary>A program that has left facts of a provide sweep.</summary>
/// <param name="Service"><c>service.name</c>; empty when absent.</param>
/// <param name="Instance"><c>service.instance.id</c>, a peer id if the operator sets it as recommended; null when absent.</param>
/// <param name="FirstUnixNano">Time of its first fact, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="LastUnixNano">Time of its last fact.</param>
public sealed record SweepSource(string Service, string? Instance, ulong FirstUnixNano, ulong LastUnixNano);
