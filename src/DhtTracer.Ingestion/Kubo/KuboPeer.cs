namespace DhtTracer.Ingestion.Kubo;

/// <summary>A peer that a daemon is connected to.</summary>
/// <param name="Id">Its peer id.</param>
/// <param name="Agent">Agent version; null if the daemon does not send it.</param>
/// <param name="LatencyNs">Round-trip time measured by the daemon, in nanoseconds; null if it has not measured it.</param>
public sealed record KuboPeer(string Id, string? Agent, long? LatencyNs);
